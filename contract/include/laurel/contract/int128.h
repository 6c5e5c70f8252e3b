/// Int128: exact amounts. Arithmetic that cannot overflow silently.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace laurel {

__extension__ typedef __int128 Int128;            // NOLINT(modernize-use-using)
__extension__ typedef unsigned __int128 Uint128;  // NOLINT(modernize-use-using)

inline constexpr Int128 kInt128Max = static_cast<Int128>(~Uint128{0} >> 1);
inline constexpr Int128 kInt128Min = -kInt128Max - 1;

/// The sum, or nothing when it does not fit.
inline std::optional<Int128> checked_add(Int128 a, Int128 b) {
  Int128 out = 0;
  if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
  return out;
}
inline std::optional<Int128> checked_sub(Int128 a, Int128 b) {
  Int128 out = 0;
  if (__builtin_sub_overflow(a, b, &out)) return std::nullopt;
  return out;
}
inline std::optional<Int128> checked_mul(Int128 a, Int128 b) {
  Int128 out = 0;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

/// a / b rounded towards minus infinity. REQUIRES: b > 0.
inline Int128 floor_div(Int128 a, Int128 b) {
  const Int128 quotient = a / b;
  return (a % b != 0 && a < 0) ? quotient - 1 : quotient;
}

inline std::string to_string(Int128 value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  Uint128 rest = negative ? ~static_cast<Uint128>(value) + 1 : static_cast<Uint128>(value);
  std::string digits;
  while (rest != 0) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

/// Reads `-?[0-9]+`; nothing for any other text, or when it does not fit 128 bits.
inline std::optional<Int128> parse_int128(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Int128 value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const Int128 digit = c - '0';
    // Built downwards: the negative range is the larger one, by one.
    if (__builtin_mul_overflow(value, Int128{10}, &value)) return std::nullopt;
    if (__builtin_sub_overflow(value, digit, &value)) return std::nullopt;
  }
  if (negative) return value;
  if (value == kInt128Min) return std::nullopt;
  return -value;
}

}  // namespace laurel
