/// Exact: amounts times rationals, exactly, rounded once at the end.
///
/// Why        stake x rate x tier x campaign, rounded at each step, gives other points than rounded
///            once; and products that fit in the end may not fit 128 bits on the way.
/// How        The numerator is a wide integer. It is divided by one denominator after the other:
///            floor(floor(n / a) / b) = floor(n / ab), and the remainders are the digits of what
///            was cut off in the mixed radix (a, b, ...), which is all that rounding needs.
/// Limits     kFactorsMax rationals; a numerator of 832 bits.
/// Errors     A result, or a numerator, that does not fit is nothing. Never a wrap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "laurel/contract/int128.h"

namespace laurel::rules {

enum class Rounding {
  kDown,      // towards minus infinity
  kUp,        // towards plus infinity
  kHalfUp,    // to the nearest, halves towards plus infinity
  kHalfEven,  // to the nearest, halves to the even one
};

/// A rational that is not negative. REQUIRES: den > 0.
struct Ratio {
  std::uint64_t num = 1;
  std::uint64_t den = 1;
  bool operator==(const Ratio&) const = default;
};

/// In lowest terms. REQUIRES: den > 0.
Ratio reduced(Ratio ratio);
/// a < b, exactly.
bool less(const Ratio& a, const Ratio& b);

inline constexpr std::size_t kFactorsMax = 10;

class Exact {
 public:
  /// Adds amount x times. REQUIRES: nothing was multiplied yet.
  void add(Uint128 amount, std::uint64_t times = 1);
  void multiply(Ratio factor);
  /// x 10^exponent. REQUIRES: -38 <= exponent <= 38.
  void shift(int exponent);
  bool is_zero() const { return used_ == 0; }
  /// Rounded as one number; `negative`: as minus it.
  std::optional<Int128> round(Rounding rounding, bool negative = false) const;

 private:
  static constexpr std::size_t kLimbs = 13;
  using Limbs = std::array<std::uint64_t, kLimbs>;

  void times(std::uint64_t factor);
  void divide_by(std::uint64_t divisor);

  Limbs limbs_{};  // little-endian
  std::size_t used_ = 0;
  std::array<std::uint64_t, kFactorsMax> divisors_{};
  std::size_t divisors_used_ = 0;
  bool overflow_ = false;
};

/// amount x all factors, rounded once; nothing when it does not fit 128 bits.
std::optional<Int128> product(Int128 amount, std::initializer_list<Ratio> factors,
                              Rounding rounding);

}  // namespace laurel::rules
