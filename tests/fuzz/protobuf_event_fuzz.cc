// Any bytes as a CloudEvent in protobuf.
#include <cstddef>
#include <cstdint>

#include "decoder_invariants.h"
#include "laurel/adapters/formats/cloud_events_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using laurel::adapters::formats::DecoderOptions;
  static const auto decoder = [] {
    DecoderOptions options;
    options.now_us = [] { return std::int64_t{1771264800'000'000}; };
    options.asset_scales = {{"EUR", 2}};
    return laurel::adapters::formats::make_cloud_events_decoder(
        laurel::runtime::contract_event_types(), options);
  }();
  laurel::fuzz::check_decoded(*decoder, {reinterpret_cast<const char*>(data), size},
                              laurel::runtime::Encoding::kProtobuf);
  return 0;
}
