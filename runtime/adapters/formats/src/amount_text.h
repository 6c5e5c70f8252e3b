/// What an amount must look like, in every format.
#pragma once

#include <string_view>

#include "laurel/adapters/formats/options.h"
#include "laurel/contract/amount.pb.h"
#include "laurel/contract/int128.h"
#include "reject.h"

namespace laurel::adapters::formats {

/// `-?[0-9]+` that fits 128 bits: bad-amount or amount-out-of-range otherwise.
bool parse_units(std::string_view text, Int128& units, Reject& reject);
/// [A-Z][A-Z0-9:._-]{0,31}
bool is_asset(std::string_view text);
/// Fills `out` if the asset, the scale and the sign are as they must be.
bool set_amount(Int128 units, std::string_view asset, std::uint32_t scale, bool non_negative,
                const DecoderOptions& options, contract::Amount& out, Reject& reject);

}  // namespace laurel::adapters::formats
