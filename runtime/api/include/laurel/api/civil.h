/// Arithmetic on civil times, without a zone: days and readings of a clock as plain numbers.
///
/// Source     Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil).
/// Limits     Any year of an int32.
#pragma once

#include <cstdint>

#include "laurel/api/zones.h"

namespace laurel {

inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

/// a / b rounded towards minus infinity. REQUIRES: b > 0.
constexpr std::int64_t floor_div64(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// 28 to 31; 0 when there is no such month.
constexpr std::uint8_t days_in_month(std::int64_t year, std::uint8_t month) {
  if (month < 1 || month > 12) return 0;
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return (month == 4 || month == 6 || month == 9 || month == 11) ? 30 : 31;
}

/// Days since 1970-01-01, negative before. REQUIRES: month 1..12.
constexpr std::int64_t day_number(std::int64_t year, std::uint8_t month, std::uint8_t day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div64(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

/// 1 Monday .. 7 Sunday.
constexpr std::uint8_t weekday_of(std::int64_t day) {
  return static_cast<std::uint8_t>(day + 3 - floor_div64(day + 3, 7) * 7 + 1);
}

/// Seconds since 1970-01-01T00:00:00 as the clock shows it.
constexpr std::int64_t seconds_of(const CivilTime& civil) {
  return day_number(civil.year, civil.month, civil.day) * kSecondsPerDay + civil.second;
}

/// What a clock shows that many seconds after it showed 1970-01-01T00:00:00.
constexpr CivilTime civil_of(std::int64_t seconds) {
  const std::int64_t day = floor_div64(seconds, kSecondsPerDay);
  const std::int64_t z = day + 719'468;
  const std::int64_t era = floor_div64(z, 146'097);
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  CivilTime out;
  out.year = static_cast<std::int32_t>(era * 400 + year_of_era + (month <= 2 ? 1 : 0));
  out.month = static_cast<std::uint8_t>(month);
  out.day = static_cast<std::uint8_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  out.second = static_cast<std::uint32_t>(seconds - day * kSecondsPerDay);
  out.weekday = weekday_of(day);
  return out;
}

}  // namespace laurel
