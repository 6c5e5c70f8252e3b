/// Times in text, exact to the microsecond.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace laurel::adapters::formats {

inline constexpr std::int64_t kTimeUsMin = 0;                             // 1970-01-01T00:00:00Z
inline constexpr std::int64_t kTimeUsMax = 7258118400LL * 1'000'000 - 1;  // the end of 2199

/// RFC 3339 `YYYY-MM-DDTHH:MM:SS[.fraction](Z|+HH:MM|-HH:MM)`, up to nine digits of fraction (those
/// after the sixth are cut off), :60 as a leap second. Microseconds since 1970; nothing for other
/// text, or outside the years 1970 to 2199.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// The same range check, for times that come as numbers.
inline bool is_valid_time(std::int64_t us) { return us >= kTimeUsMin && us <= kTimeUsMax; }

}  // namespace laurel::adapters::formats
