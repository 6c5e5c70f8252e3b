#include "laurel/rules/window.h"

#include <algorithm>
#include <array>

#include "laurel/api/civil.h"

namespace laurel::rules {
namespace {

constexpr std::uint32_t kDay = static_cast<std::uint32_t>(kSecondsPerDay);
constexpr std::uint32_t kWeek = 7 * kDay;
constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::string_view kEveryForm =
    "allowed: daily or days, and from-to, such as \"daily 12:00-13:30\", \"Fri,Sat 18:00-22:00\", "
    "\"Mon-Thu 22:00-02:00\", \"Sun\"";
constexpr std::string_view kCivilForm = "allowed: \"2026-03-01\" or \"2026-03-01 18:00\"";

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 64)) + "\" "; }

// Exactly `digits` digits at the front, which are taken off.
std::optional<std::uint32_t> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// HH:MM[:SS] at the front, as seconds of the day; up to 24:00.
std::optional<std::uint32_t> take_clock(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::uint32_t second = 0;
  if (take(text, ':')) {
    const auto parsed = take_number(text, 2);
    if (!parsed || *parsed > 59) return std::nullopt;
    second = *parsed;
  }
  const std::uint32_t out = *hour * 3600 + *minute * 60 + second;
  return out <= kDay ? std::optional(out) : std::nullopt;
}

// `Mon` at the front: 0..6.
std::optional<std::uint32_t> take_day(std::string_view& text) {
  for (std::uint32_t i = 0; i < kDays.size(); ++i) {
    if (!text.starts_with(kDays[i])) continue;
    text.remove_prefix(kDays[i].size());
    return i;
  }
  return std::nullopt;
}

// `daily`, or `Mon-Thu,Sun`, at the front: which days, Monday first.
std::optional<std::array<bool, 7>> take_days(std::string_view& text) {
  std::array<bool, 7> out{};
  constexpr std::string_view kDaily = "daily";
  if (text.starts_with(kDaily)) {
    text.remove_prefix(kDaily.size());
    out.fill(true);
    return out;
  }
  do {
    const auto first = take_day(text);
    if (!first) return std::nullopt;
    const auto last = take(text, '-') ? take_day(text) : first;
    if (!last) return std::nullopt;
    for (std::uint32_t day = *first;; day = (day + 1) % 7) {
      out[day] = true;
      if (day == *last) break;
    }
  } while (take(text, ','));
  return out;
}

using Spans = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

bool parse_every(std::string_view text, Spans& out) {
  const auto days = take_days(text);
  if (!days) return false;
  std::uint32_t begin = 0;
  std::uint32_t end = kDay;
  if (!text.empty()) {
    if (!take(text, ' ')) return false;
    const auto from = take_clock(text);
    if (!from || *from == kDay || !take(text, '-')) return false;
    const auto to = take_clock(text);
    if (!to || !text.empty()) return false;
    begin = *from;
    end = *to;
  }
  if (end <= begin) end += kDay;
  for (std::uint32_t day = 0; day < days->size(); ++day) {
    if (!(*days)[day]) continue;
    const std::uint32_t from = day * kDay + begin;
    const std::uint32_t to = day * kDay + end;
    out.emplace_back(from, std::min(to, kWeek));
    if (to > kWeek) out.emplace_back(0, to - kWeek);  // from Sunday into Monday
  }
  return true;
}

}  // namespace

std::optional<CivilTime> parse_civil(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  CivilTime out;
  out.year = static_cast<std::int32_t>(*year);
  out.month = static_cast<std::uint8_t>(*month);
  out.day = static_cast<std::uint8_t>(*day);
  if (out.day < 1 || out.day > days_in_month(out.year, out.month)) return std::nullopt;
  if (!text.empty()) {
    if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
    const auto second = take_clock(text);
    if (!second || *second == kDay || !text.empty()) return std::nullopt;
    out.second = *second;
  }
  out.weekday = weekday_of(day_number(out.year, out.month, out.day));
  return out;
}

Window::Window(const WindowText& text, const Zones& zones, const std::string& path,
               const Complain& complain)
    : zones_(&zones), zone_(text.zone) {
  const std::string in = path.empty() ? "" : path + ".";
  if (!zones.known(text.zone)) {
    complain(in + "zone", quoted(text.zone) +
                              "is no zone of this machine; allowed: an IANA name "
                              "such as Europe/Malta");
    return;
  }
  const auto bound = [&](std::string_view reading, const char* key, TimeUs& out) {
    if (reading.empty()) return;
    const auto civil = parse_civil(reading);
    const auto instant = civil ? zones.to_utc(text.zone, *civil) : std::nullopt;
    if (!instant) {
      complain(in + key, quoted(reading) + "is no time; " + std::string(kCivilForm));
      return;
    }
    out = *instant;
  };
  bound(text.from, "from", from_);
  bound(text.to, "to", to_);
  if (from_ >= to_) complain(in + "to", "is not after from");
  for (std::size_t i = 0; i < text.every.size(); ++i) {
    if (!parse_every(text.every[i], weekly_)) {
      complain(at_index(in + "every", static_cast<int>(i)),
               quoted(text.every[i]) + "cannot be read; " + std::string(kEveryForm));
    }
  }
}

bool Window::contains(TimeUs at) const {
  if (at < from_ || at >= to_) return false;
  if (weekly_.empty()) return true;
  const auto civil = zones_->to_civil(zone_, at);
  if (!civil) return false;
  const std::uint32_t second = (civil->weekday - 1U) * kDay + civil->second;
  return std::any_of(weekly_.begin(), weekly_.end(), [second](const auto& span) {
    return second >= span.first && second < span.second;
  });
}

std::optional<std::int32_t> local_day(const Zones& zones, std::string_view zone, TimeUs at) {
  const auto civil = zones.to_civil(zone, at);
  if (!civil) return std::nullopt;
  return static_cast<std::int32_t>(day_number(civil->year, civil->month, civil->day));
}

}  // namespace laurel::rules
