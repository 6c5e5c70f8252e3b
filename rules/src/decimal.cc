#include "laurel/rules/decimal.h"

namespace laurel::rules {

Int128 power_of_ten(std::uint32_t exponent) {
  Int128 out = 1;
  for (; exponent != 0; --exponent) out *= 10;
  return out;
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || fraction.size() > kScaleMax) return std::nullopt;
  if (point != std::string_view::npos && fraction.empty()) return std::nullopt;
  Decimal out{0, static_cast<std::uint32_t>(fraction.size())};
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      if (c < '0' || c > '9') return std::nullopt;
      if (__builtin_mul_overflow(out.digits, Int128{10}, &out.digits)) return std::nullopt;
      if (__builtin_add_overflow(out.digits, Int128{c - '0'}, &out.digits)) return std::nullopt;
    }
  }
  return out;
}

std::optional<Int128> units_down(const Decimal& value, std::uint32_t scale) {
  if (scale >= value.scale) return checked_mul(value.digits, power_of_ten(scale - value.scale));
  return value.digits / power_of_ten(value.scale - scale);
}

std::optional<Int128> units_up(const Decimal& value, std::uint32_t scale) {
  const auto down = units_down(value, scale);
  if (!down || scale >= value.scale) return down;
  return value.digits % power_of_ten(value.scale - scale) == 0 ? *down : *down + 1;
}

}  // namespace laurel::rules
