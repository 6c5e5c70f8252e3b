/// Any bytes as a CloudEvent, in one encoding or the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "decoder_invariants.h"
#include "laurel/adapters/formats/cloud_events_decoder.h"

namespace laurel::fuzz {

inline int check_cloud_event(const std::uint8_t* data, std::size_t size,
                             runtime::Encoding encoding) {
  static const auto decoder = [] {
    adapters::formats::DecoderOptions options;
    options.now_us = [] { return std::int64_t{1771264800'000'000}; };
    options.asset_scales = {{"EUR", 2}};
    return adapters::formats::make_cloud_events_decoder(runtime::contract_event_types(), options);
  }();
  check_decoded(*decoder, {reinterpret_cast<const char*>(data), size}, encoding);
  return 0;
}

}  // namespace laurel::fuzz
