/// YearlyRule: the last line of a zone's file (RFC 8536 section 3.3): the offsets of all years
/// after its table, for example `CET-1CEST,M3.5.0,M10.5.0/3`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace laurel::adapters::internal {

struct YearlyChange {
  std::uint8_t month = 1;
  std::uint8_t week = 1;     // 1..4, 5 the last
  std::uint8_t weekday = 0;  // 0 Sunday .. 6
  std::int32_t second = 0;   // of that day, -167 h .. 167 h
};

struct YearlyRule {
  std::int32_t standard_s = 0;  // east of UTC
  bool has_summer = false;
  std::int32_t summer_s = 0;
  YearlyChange to_summer;
  YearlyChange to_standard;
};

/// Nothing when the text is no such rule, or one of the forms that tzdata does not use (Jn, n).
std::optional<YearlyRule> parse_yearly_rule(std::string_view text);

/// Seconds since 1970 as shown by a clock that does not change, at which the change is in a year.
std::int64_t when_in_year(const YearlyChange& change, std::int64_t year);

}  // namespace laurel::adapters::internal
