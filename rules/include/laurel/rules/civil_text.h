/// Texts of civil times and durations, as catalog documents write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/api/zones.h"

namespace laurel::rules {

/// A length of time: so many days as the clocks of a zone count them, or so many elapsed seconds.
/// "1d" from 20:00 is 20:00 again, also when the day had 23 hours; "24h" is not.
struct Span {
  std::int64_t days = 0;
  std::int64_t seconds = 0;  // exactly one of the two is > 0
  bool operator==(const Span&) const = default;
};

inline constexpr std::int64_t kSpanDaysMax = 400;

/// "20:00": seconds of the day.
std::optional<std::uint32_t> parse_clock(std::string_view text);
/// "90s", "15m", "6h", "1d", "2w"; more than nothing, at most kSpanDaysMax days.
std::optional<Span> parse_span(std::string_view text);
/// `2026-02-16T18:00Z`, of the minute the instant is in. REQUIRES: years 1970 to 9999.
std::string utc_minute(std::int64_t utc_us);
void append_utc_minute(std::string& out, std::int64_t utc_us);
inline constexpr std::size_t kUtcMinuteSize = 17;
/// Reads what utc_minute() writes, and nothing else.
std::optional<std::int64_t> parse_utc_minute(std::string_view text);

}  // namespace laurel::rules
