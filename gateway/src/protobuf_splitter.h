/// Splits a CloudEventBatch in protobuf into its events without decoding them: each stays the bytes
/// that came.
#pragma once

#include <cstddef>
#include <string_view>

#include "json_splitter.h"

namespace laurel::gateway::internal {

/// Knows tags and lengths only: what an event is worth, its decoder says. Fields that are not the
/// events are passed over.
SplitArray split_protobuf_batch(std::string_view bytes, std::size_t elements_max);

/// The `id` of a CloudEvent in protobuf; empty when it is not there, is no valid UTF-8 or is longer
/// than `bytes_max`.
std::string_view protobuf_id(std::string_view event, std::size_t bytes_max);

}  // namespace laurel::gateway::internal
