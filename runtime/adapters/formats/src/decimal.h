/// Decimal: an exact decimal number, for amounts that come as text such as 12.50 or 1.00E+03.
#pragma once

#include <cstdint>
#include <string_view>

#include "laurel/contract/int128.h"

namespace laurel::adapters::formats {

/// mantissa * 10^exponent. The mantissa of a parsed one has no zero at its end, unless it is zero.
struct Decimal {
  Int128 mantissa = 0;
  int exponent = 0;
};

enum class DecimalStatus : std::uint8_t {
  kOk,
  kMalformed,   ///< no decimal number
  kOutOfRange,  ///< does not fit 128 bits
  kNotExact,    ///< more decimals than the scale has
};

/// `[+-]?` digits, with or without a point (`12`, `12.5`, `.5`, `12.`), and an exponent
/// `[eE][+-]?`.
DecimalStatus parse_decimal(std::string_view text, Decimal& out);
/// kOk or kOutOfRange.
DecimalStatus add(const Decimal& a, const Decimal& b, Decimal& out);
/// value * 10^scale as a whole number.
DecimalStatus to_units(const Decimal& value, std::uint32_t scale, Int128& units);

}  // namespace laurel::adapters::formats
