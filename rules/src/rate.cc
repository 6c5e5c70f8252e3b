#include "laurel/rules/rate.h"

#include <numeric>

#include "laurel/rules/decimal.h"

namespace laurel::rules {
namespace {

// How what was cut off compares with one half.
enum class Cut { kNothing, kBelowHalf, kHalf, kAboveHalf };

// One more digit on top of what was cut off below it: (remainder + below) / divisor.
Cut extend(Cut below, std::uint64_t remainder, std::uint64_t divisor) {
  const Uint128 twice = Uint128{remainder} * 2;
  if (remainder == 0 && below == Cut::kNothing) return Cut::kNothing;
  if (twice > divisor) return Cut::kAboveHalf;
  if (twice == divisor) return below == Cut::kNothing ? Cut::kHalf : Cut::kAboveHalf;
  // Below by one: the digits under it decide, as they count double.
  if (twice + 1 == divisor) {
    return below == Cut::kNothing ? Cut::kBelowHalf : below;
  }
  return Cut::kBelowHalf;
}

}  // namespace

Ratio reduced(Ratio ratio) {
  const std::uint64_t common = std::gcd(ratio.num, ratio.den);
  return {ratio.num / common, ratio.den / common};
}

bool less(const Ratio& a, const Ratio& b) {
  return Uint128{a.num} * b.den < Uint128{b.num} * a.den;
}

void Exact::add(Uint128 amount, std::uint64_t times) {
  // amount x times has up to 192 bits: three limbs.
  const Uint128 low = Uint128{static_cast<std::uint64_t>(amount)} * times;
  const Uint128 high = Uint128{static_cast<std::uint64_t>(amount >> 64)} * times + (low >> 64);
  const std::uint64_t parts[] = {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high),
                                 static_cast<std::uint64_t>(high >> 64)};
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < kLimbs; ++i) {
    const Uint128 sum = Uint128{limbs_[i]} + (i < 3 ? parts[i] : 0) + carry;
    limbs_[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
    if (limbs_[i] != 0 && i >= used_) used_ = i + 1;
    if (i >= 2 && carry == 0) break;
  }
  overflow_ |= carry != 0;
}

void Exact::times(std::uint64_t factor) {
  if (factor == 1) return;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    const Uint128 part = Uint128{limbs_[i]} * factor + carry;
    limbs_[i] = static_cast<std::uint64_t>(part);
    carry = static_cast<std::uint64_t>(part >> 64);
  }
  if (carry != 0) {
    if (used_ == kLimbs) {
      overflow_ = true;
    } else {
      limbs_[used_++] = carry;
    }
  }
  while (used_ != 0 && limbs_[used_ - 1] == 0) --used_;
}

void Exact::divide_by(std::uint64_t divisor) {
  if (divisor == 1) return;
  if (divisors_used_ != 0) {
    std::uint64_t& last = divisors_[divisors_used_ - 1];
    std::uint64_t both = 0;
    if (!__builtin_mul_overflow(last, divisor, &both)) {
      last = both;
      return;
    }
  }
  if (divisors_used_ == kFactorsMax) {
    overflow_ = true;
  } else {
    divisors_[divisors_used_++] = divisor;
  }
}

void Exact::multiply(Ratio factor) {
  times(factor.num);
  divide_by(factor.den);
}

void Exact::shift(int exponent) {
  const bool up = exponent > 0;
  for (auto left = static_cast<std::uint32_t>(up ? exponent : -exponent); left != 0;) {
    const std::uint32_t step = left < 19 ? left : 19;  // 10^19 is the largest in 64 bits
    const auto power = static_cast<std::uint64_t>(power_of_ten(step));
    up ? times(power) : divide_by(power);
    left -= step;
  }
}

std::optional<Int128> Exact::round(Rounding rounding, bool negative) const {
  if (overflow_) return std::nullopt;
  Limbs quotient = limbs_;
  std::size_t used = used_;
  Cut cut = Cut::kNothing;
  for (std::size_t d = 0; d < divisors_used_; ++d) {
    const std::uint64_t divisor = divisors_[d];
    Uint128 remainder = 0;
    for (std::size_t i = used; i-- > 0;) {
      const Uint128 part = (remainder << 64) | quotient[i];
      // Most quotients have one limb, and a division of 64 bits is much cheaper.
      const bool small = (part >> 64) == 0;
      const Uint128 ratio =
          small ? Uint128{static_cast<std::uint64_t>(part) / divisor} : part / divisor;
      quotient[i] = static_cast<std::uint64_t>(ratio);
      remainder = part - ratio * divisor;
    }
    while (used != 0 && quotient[used - 1] == 0) --used;
    cut = extend(cut, static_cast<std::uint64_t>(remainder), divisor);
  }
  if (used > 2) return std::nullopt;
  const Uint128 magnitude = Uint128{quotient[1]} << 64 | quotient[0];
  bool away = false;  // from zero, by one
  switch (rounding) {
    case Rounding::kDown:
      away = negative && cut != Cut::kNothing;
      break;
    case Rounding::kUp:
      away = !negative && cut != Cut::kNothing;
      break;
    case Rounding::kHalfUp:
      away = cut == Cut::kAboveHalf || (cut == Cut::kHalf && !negative);
      break;
    case Rounding::kHalfEven:
      away = cut == Cut::kAboveHalf || (cut == Cut::kHalf && magnitude % 2 == 1);
      break;
  }
  const auto limit = static_cast<Uint128>(kInt128Max);  // minus it always fits too
  if (magnitude > limit - (away ? 1 : 0)) return std::nullopt;
  const auto result = static_cast<Int128>(magnitude + (away ? 1 : 0));
  return negative ? -result : result;
}

std::optional<Int128> product(Int128 amount, std::initializer_list<Ratio> factors,
                              Rounding rounding) {
  const bool negative = amount < 0;
  Exact exact;
  exact.add(negative ? ~static_cast<Uint128>(amount) + 1 : static_cast<Uint128>(amount));
  for (const Ratio& factor : factors) exact.multiply(factor);
  return exact.round(rounding, negative);
}

}  // namespace laurel::rules
