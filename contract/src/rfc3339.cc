#include "laurel/contract/rfc3339.h"

#include <chrono>

namespace laurel::contract {

using namespace std::chrono;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::size_t kTextMax = 35;
constexpr sys_days kFirst = year{0} / 1 / 1;
constexpr sys_days kEnd = year{10'000} / 1 / 1;

// Reads exactly `count` digits at `at`; -1 when there are others.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::optional<std::string> rfc3339(std::int64_t us) {
  const sys_time<microseconds> at{microseconds(us)};
  if (at < kFirst || at >= kEnd) return std::nullopt;
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  std::string out = "0000-00-00T00:00:00.000000Z";
  const auto put = [&out](std::size_t end, std::int64_t value) {
    for (; value > 0; value /= 10) out[--end] = static_cast<char>('0' + value % 10);
  };
  put(4, static_cast<int>(date.year()));
  put(7, static_cast<unsigned>(date.month()));
  put(10, static_cast<unsigned>(date.day()));
  put(13, time.hours().count());
  put(16, time.minutes().count());
  put(19, time.seconds().count());
  put(26, time.subseconds().count());
  return out;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text.size() > kTextMax) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60 || (second == 60 && minute != 59)) {
    return std::nullopt;
  }
  std::size_t at = 19;
  int micros = 0;
  if (text[at] == '.') {
    const std::size_t start = ++at;
    int unit = 100'000;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      micros += (text[at] - '0') * unit;
      unit /= 10;
      ++at;
    }
    if (at == start || at - start > 9) return std::nullopt;
  }
  int offset_minutes = 0;
  const std::string_view zone = text.substr(at);
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':') {
    const int zone_hour = digits(zone, 1, 2);
    const int zone_minute = digits(zone, 4, 2);
    if (zone_hour < 0 || zone_hour > 23 || zone_minute < 0 || zone_minute > 59) return std::nullopt;
    offset_minutes = (zone_hour * 60 + zone_minute) * (zone[0] == '-' ? -1 : 1);
  } else if (zone != "Z" && zone != "z") {
    return std::nullopt;
  }
  const std::int64_t minutes = std::int64_t{sys_days(date).time_since_epoch().count()} * 1440 +
                               hour * 60 + minute - offset_minutes;
  const std::int64_t us = (minutes * 60 + second) * 1'000'000 + micros;
  const sys_time<microseconds> time{microseconds(us)};
  if (time < kFirst || time >= kEnd) return std::nullopt;  // the offset may have taken it there
  return us;
}

}  // namespace laurel::contract
