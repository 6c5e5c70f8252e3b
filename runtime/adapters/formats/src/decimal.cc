#include "decimal.h"

#include <algorithm>

namespace laurel::adapters::formats {
namespace {

constexpr int kExponentMax = 1000;
constexpr int kDigitsMax = 39;  // of 128 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// value * 10^count; false when it does not fit.
bool shift(Int128& value, int count) {
  if (value == 0) return true;
  if (count > kDigitsMax) return false;
  for (; count > 0; --count) {
    if (__builtin_mul_overflow(value, Int128{10}, &value)) return false;
  }
  return true;
}

void normalize(Decimal& value) {
  if (value.mantissa == 0) value.exponent = 0;
  while (value.mantissa != 0 && value.mantissa % 10 == 0) {
    value.mantissa /= 10;
    ++value.exponent;
  }
}

// The digits before and after the point. Zeros wait until another digit follows, so that 100
// million of them at the end overflow nothing.
class Digits {
 public:
  bool push(char c, bool negative) {
    if (c == '0') {
      ++zeros_;
      return true;
    }
    if (!shift(mantissa_, zeros_ + 1)) return false;
    zeros_ = 0;
    const Int128 digit = c - '0';
    return negative ? !__builtin_sub_overflow(mantissa_, digit, &mantissa_)
                    : !__builtin_add_overflow(mantissa_, digit, &mantissa_);
  }
  Int128 mantissa() const { return mantissa_; }
  int zeros() const { return zeros_; }

 private:
  Int128 mantissa_ = 0;
  int zeros_ = 0;
};

// REQUIRES: `text` begins after the e.
DecimalStatus parse_exponent(std::string_view text, int& exponent) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return DecimalStatus::kMalformed;
  }
  exponent = 0;
  for (const char c : text) exponent = std::min(exponent * 10 + (c - '0'), kExponentMax);
  if (negative) exponent = -exponent;
  return DecimalStatus::kOk;
}

}  // namespace

DecimalStatus parse_decimal(std::string_view text, Decimal& out) {
  if (text.size() > 4096) return DecimalStatus::kMalformed;
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) text.remove_prefix(1);
  Digits digits;
  bool fits = true;
  std::size_t at = 0;
  std::size_t count = 0;
  for (; at < text.size() && is_digit(text[at]); ++at, ++count) {
    fits = fits && digits.push(text[at], negative);
  }
  int decimals = 0;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at, ++count, ++decimals) {
      fits = fits && digits.push(text[at], negative);
    }
  }
  int exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const auto status = parse_exponent(text.substr(at + 1), exponent);
    if (status != DecimalStatus::kOk) return status;
    at = text.size();
  }
  if (count == 0 || at != text.size()) return DecimalStatus::kMalformed;
  if (!fits) return DecimalStatus::kOutOfRange;
  out.mantissa = digits.mantissa();
  out.exponent = out.mantissa == 0 ? 0 : exponent - decimals + digits.zeros();
  return DecimalStatus::kOk;
}

DecimalStatus add(const Decimal& a, const Decimal& b, Decimal& out) {
  const Decimal& low = a.exponent <= b.exponent ? a : b;
  Decimal high = a.exponent <= b.exponent ? b : a;
  if (high.mantissa == 0) {
    out = low;
    return DecimalStatus::kOk;
  }
  if (low.mantissa == 0) {
    out = high;
    return DecimalStatus::kOk;
  }
  if (!shift(high.mantissa, high.exponent - low.exponent)) return DecimalStatus::kOutOfRange;
  out.exponent = low.exponent;
  if (__builtin_add_overflow(low.mantissa, high.mantissa, &out.mantissa)) {
    return DecimalStatus::kOutOfRange;
  }
  normalize(out);
  return DecimalStatus::kOk;
}

DecimalStatus to_units(const Decimal& value, std::uint32_t scale, Int128& units) {
  units = value.mantissa;
  const int places = value.exponent + static_cast<int>(scale);
  if (units == 0 || places == 0) return DecimalStatus::kOk;
  if (places < 0) return DecimalStatus::kNotExact;  // its last digit is no zero
  return shift(units, places) ? DecimalStatus::kOk : DecimalStatus::kOutOfRange;
}

}  // namespace laurel::adapters::formats
