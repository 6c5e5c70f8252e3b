#include "laurel/rules/civil_text.h"

#include "laurel/api/civil.h"
#include "laurel/rules/window.h"

namespace laurel::rules {
namespace {

// `digits` decimal digits at `at`, moved behind them; nothing when there is anything else.
std::optional<std::int64_t> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

void put_two(char* at, std::int64_t value) {
  at[0] = static_cast<char>('0' + value / 10 % 10);
  at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<std::uint32_t> parse_clock(std::string_view text) {
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !text.empty() || *hour > 23 || *minute > 59) return std::nullopt;
  return static_cast<std::uint32_t>(*hour * 3600 + *minute * 60);
}

std::optional<Span> parse_span(std::string_view text) {
  if (text.size() < 2 || text.size() > 10) return std::nullopt;
  const char unit = text.back();
  text.remove_suffix(1);
  const auto count = digits(text, text.size());
  if (!count || *count == 0) return std::nullopt;
  Span span;
  switch (unit) {
    case 's':
      span.seconds = *count;
      break;
    case 'm':
      span.seconds = *count * 60;
      break;
    case 'h':
      span.seconds = *count * 3600;
      break;
    case 'd':
      span.days = *count;
      break;
    case 'w':
      span.days = *count * 7;
      break;
    default:
      return std::nullopt;
  }
  if (span.days > kSpanDaysMax || span.seconds > kSpanDaysMax * kSecondsPerDay) {
    return std::nullopt;
  }
  return span;
}

std::string utc_minute(std::int64_t utc_us) {
  std::string out;
  append_utc_minute(out, utc_us);
  return out;
}

// For every wager that counts for a run.
void append_utc_minute(std::string& out, std::int64_t utc_us) {
  const CivilTime civil = civil_of(floor_div64(utc_us, kMicrosPerSecond));
  out.append("0000-00-00T00:00Z");
  char* text = out.data() + out.size() - kUtcMinuteSize;
  put_two(text, civil.year / 100);
  put_two(text + 2, civil.year % 100);
  put_two(text + 5, civil.month);
  put_two(text + 8, civil.day);
  put_two(text + 11, civil.second / 3600);
  put_two(text + 14, civil.second / 60 % 60);
}

std::optional<std::int64_t> parse_utc_minute(std::string_view text) {
  if (text.size() != kUtcMinuteSize || text.back() != 'Z') return std::nullopt;
  text.remove_suffix(1);
  const auto civil = parse_civil(text);
  if (!civil) return std::nullopt;
  const std::int64_t utc_us = seconds_of(*civil) * kMicrosPerSecond;
  if (utc_minute(utc_us).compare(0, 16, text) != 0) return std::nullopt;  // one name per run
  return utc_us;
}

}  // namespace laurel::rules
