#include "amount_text.h"

#include <algorithm>

#include "laurel/contract/amount.h"

namespace laurel::adapters::formats {

bool parse_units(std::string_view text, Int128& units, Reject& reject) {
  const std::size_t start = !text.empty() && text.front() == '-' ? 1 : 0;
  const bool all_digits =
      text.size() > start && std::all_of(text.begin() + static_cast<std::ptrdiff_t>(start),
                                         text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!all_digits) {
    return reject.set(reject::kBadAmount,
                      in_quotes(text) + " is not a whole number of minor units, such as \"123\"");
  }
  if (text.size() - start <= 18) {  // fits 64 bits: the usual case
    std::int64_t value = 0;
    for (const char c : text.substr(start)) value = value * 10 + (c - '0');
    units = start == 1 ? -value : value;
    return true;
  }
  const auto parsed = parse_int128(text);
  if (!parsed) return reject.set(reject::kAmountOutOfRange, in_quotes(text) + " exceeds 128 bits");
  units = *parsed;
  return true;
}

bool is_asset(std::string_view text) {
  if (text.empty() || text.size() > 32 || text.front() < 'A' || text.front() > 'Z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '.' || c == '_' ||
           c == '-';
  });
}

bool set_amount(Int128 units, std::string_view asset, std::uint32_t scale, bool non_negative,
                const DecoderOptions& options, contract::Amount& out, Reject& reject) {
  if (!is_asset(asset)) {
    return reject.set(reject::kBadAsset,
                      in_quotes(asset) + " is no asset; allowed: [A-Z][A-Z0-9:._-]{0,31}");
  }
  if (!options.asset_scales.empty()) {
    const auto known = options.asset_scales.find(asset);
    if (known != options.asset_scales.end() && known->second != scale) {
      return reject.set(reject::kScaleMismatch, std::string(asset) + " has scale " +
                                                    std::to_string(known->second) + ", not " +
                                                    std::to_string(scale));
    }
  }
  if (units < 0 && non_negative) {
    return reject.set(reject::kNegativeAmount, to_string(units) + " is below zero");
  }
  contract::set_units(out, units);
  out.set_asset(std::string(asset));
  out.set_scale(scale);
  return true;
}

}  // namespace laurel::adapters::formats
