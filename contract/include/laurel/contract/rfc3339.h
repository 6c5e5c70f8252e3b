/// Times as text (RFC 3339), exact to the microsecond.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace laurel::contract {

/// 2021-11-20T19:44:19.000000Z; nothing outside of the years 0000 to 9999. `unix_us`: microseconds
/// since 1970.
inline std::optional<std::string> rfc3339(std::int64_t unix_us) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace)
  constexpr sys_days kFirst = year{0} / 1 / 1;
  constexpr sys_days kEnd = year{10'000} / 1 / 1;
  const sys_time<microseconds> at{microseconds(unix_us)};
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

}  // namespace laurel::contract
