/// MappedDecoder: rows of CSV, or objects of NDJSON, that become events by a Mapping.
///
/// Why        Users keep their files and topics as they are.
/// Threads    Any, concurrently.
/// Limits     As CloudEventsDecoder. A cell in quotes may not hold a line's end.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "laurel/adapters/formats/options.h"
#include "laurel/formats/mapping.pb.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/registry.h"

namespace laurel::adapters::formats {

/// `format`: csv or ndjson. `header`: the first line of the CSV file, which is then no record;
/// empty for ndjson. kInvalidInput: all that is wrong with the mapping, one line each,
/// `mapping: TARGET: what is wrong; allowed: ...`.
runtime::Result<std::shared_ptr<const runtime::Decoder>> make_mapped_decoder(
    std::string_view format, const ::laurel::formats::Mapping& mapping, std::string_view header,
    const std::vector<runtime::EventType>& types, DecoderOptions options);

}  // namespace laurel::adapters::formats
