/// Decimal: a number as people write it, "0.50", exact; as minor units at any scale.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "laurel/contract/int128.h"

namespace laurel::rules {

inline constexpr std::uint32_t kScaleMax = 38;

struct Decimal {
  Int128 digits = 0;
  std::uint32_t scale = 0;  // decimals: digits / 10^scale
};

/// Reads `[0-9]+(\.[0-9]+)?`; nothing for any other text, or one that does not fit 128 bits.
std::optional<Decimal> parse_decimal(std::string_view text);

/// 10^exponent. REQUIRES: exponent <= kScaleMax.
Int128 power_of_ten(std::uint32_t exponent);

/// The largest number of minor units that is not above it; nothing when it does not fit.
/// REQUIRES: scale <= kScaleMax.
std::optional<Int128> units_down(const Decimal& value, std::uint32_t scale);
/// The smallest that is not below it.
std::optional<Int128> units_up(const Decimal& value, std::uint32_t scale);

}  // namespace laurel::rules
