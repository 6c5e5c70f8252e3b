/// What a record of an input topic is to a decoder, and how a place in one is written down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/runtime/event.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

/// By its `content-type`: protobuf is a whole CloudEvent in it.
runtime::Encoding encoding_of(const LogRecord& record);
/// The event: the value, or one CloudEvent in JSON made of `ce_` headers and the value, which is
/// JSON, or protobuf if its `content-type` says so.
std::string event_bytes(const LogRecord& record, runtime::Encoding encoding);

/// `next`: the offset behind the record; `check`: CRC-32C of its key and value, by which a topic
/// that was made anew is told from the one that was read.
struct InputPosition {
  std::int64_t next = 0;
  std::uint32_t check = 0;
};
/// next:u64 check:u32 of each, big-endian.
struct HandledPosition {
  InputPosition last;    ///< the record that was handled
  InputPosition anchor;  ///< one that was in the topic before all that was not proved: InputProofs
};
std::string encode_position(const HandledPosition& position);
std::optional<HandledPosition> decode_position(std::string_view bytes);
std::uint32_t check_of(const LogRecord& record);

/// Of what is read since the loss was accepted for the `generation`th time.
std::string input_name(std::string_view topic, int partition, std::uint32_t generation);
/// Where the generation itself is kept, as a position: u32, big-endian.
std::string generation_name(std::string_view topic, int partition);
std::string encode_generation(std::uint32_t generation);
std::uint32_t decode_generation(std::string_view bytes);

}  // namespace laurel::adapters::kafka
