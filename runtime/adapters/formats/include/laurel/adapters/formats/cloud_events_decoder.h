/// CloudEventsDecoder: one CloudEvents 1.0 event per record: in JSON, or in protobuf
/// (application/cloudevents+json, +protobuf), as the record's encoding says.
///
/// Why        The public format of events: docs/guide/events.md, codes in
///            docs/guide/dead-letters.md.
/// Threads    Any, concurrently. Keeps one parser and 64 KiB per thread that uses it.
/// Limits     contract::kEventBytesMax, kDepthMax, kKeyPartBytesMax.
/// Errors     Event::reject_code. Never throws, whatever the bytes.
#pragma once

#include <memory>
#include <vector>

#include "laurel/adapters/formats/options.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/registry.h"

namespace laurel::adapters::formats {

/// REQUIRES: every event type has EventOptions whose paths name string or integer fields.
std::shared_ptr<const runtime::Decoder> make_cloud_events_decoder(
    const std::vector<runtime::EventType>& types, DecoderOptions options);

}  // namespace laurel::adapters::formats
