/// Times as text (RFC 3339), exact to the microsecond: microseconds since 1970, in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace laurel::contract {

/// What the time of an event may be: 1970-01-01T00:00:00Z to the end of 2199.
inline constexpr std::int64_t kTimeUsMin = 0;
inline constexpr std::int64_t kTimeUsMax = 7258118400LL * 1'000'000 - 1;
inline bool is_valid_time(std::int64_t us) { return us >= kTimeUsMin && us <= kTimeUsMax; }

/// 2021-11-20T19:44:19.000000Z; nothing outside of the years 0000 to 9999.
std::optional<std::string> rfc3339(std::int64_t us);

/// `YYYY-MM-DDTHH:MM:SS[.fraction](Z|+HH:MM|-HH:MM)`, up to nine digits of fraction (those after
/// the sixth are cut off), :60 as a leap second; years 0000 to 9999. Nothing for other text.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace laurel::contract
