// Any bytes as a CloudEvent in JSON.
#include "cloud_events_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return laurel::fuzz::check_cloud_event(data, size, laurel::runtime::Encoding::kText);
}
