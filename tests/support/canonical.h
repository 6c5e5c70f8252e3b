/// The canonical bytes of an event, as decoders make them, for tests that make events themselves.
#pragma once

#include <string_view>

#include "laurel/contract/event.pb.h"
#include "laurel/runtime/event.h"

namespace laurel::testing {

inline std::string_view canonical_on(google::protobuf::Arena& arena,
                                     const contract::Envelope& envelope,
                                     const google::protobuf::Message& data) {
  contract::Event canonical;
  *canonical.mutable_envelope() = envelope;
  canonical.set_data(data.SerializeAsString());
  return runtime::keep_on(arena, canonical.SerializeAsString());
}

}  // namespace laurel::testing
