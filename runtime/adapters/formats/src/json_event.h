/// One CloudEvent in JSON.
#pragma once

#include <string_view>

#include <google/protobuf/arena.h>

#include "event_schema.h"
#include "laurel/contract/event.pb.h"
#include "laurel/runtime/event.h"
#include "reject.h"

namespace laurel::adapters::formats {

/// Fills envelope and event; false: `reject` says why, the envelope has what was read before.
/// REQUIRES: at most contract::kEventBytesMax bytes.
bool decode_json_event(std::string_view record, const SchemaSet& schemas,
                       const DecoderOptions& options, google::protobuf::Arena& arena,
                       contract::Envelope& envelope, runtime::Event& event, Reject& reject);

}  // namespace laurel::adapters::formats
