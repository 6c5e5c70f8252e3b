/// Conversions between contract::Amount and Int128.
#pragma once

#include <string_view>

#include "laurel/contract/amount.pb.h"
#include "laurel/contract/int128.h"

namespace laurel::contract {

inline Int128 units_of(const Amount& amount) {
  const auto high = static_cast<Uint128>(static_cast<Int128>(amount.units_high())) << 64;
  return static_cast<Int128>(high | amount.units_low());
}

inline void set_units(Amount& amount, Int128 units) {
  amount.set_units_high(static_cast<std::int64_t>(units >> 64));
  amount.set_units_low(static_cast<std::uint64_t>(units));
}

inline void set_amount(Amount& amount, Int128 units, std::string_view asset, std::uint32_t scale) {
  set_units(amount, units);
  amount.mutable_asset()->assign(asset);
  amount.set_scale(scale);
}

inline Amount make_amount(Int128 units, std::string_view asset, std::uint32_t scale) {
  Amount amount;
  set_amount(amount, units, asset, scale);
  return amount;
}

}  // namespace laurel::contract
