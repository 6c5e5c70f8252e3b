/// What protobuf's own serializers would copy twice: a large field appended to a message that is
/// serialized already. Parsers take fields in any order (protobuf's encoding, "field order").
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace laurel::runtime::internal {

/// Of what an append below adds to the bytes themselves.
constexpr std::size_t kFieldHeaderMax = 15;

inline void append_field_header(std::string& out, int field, std::size_t bytes) {
  constexpr std::uint32_t kLengthDelimited = 2;
  std::uint8_t head[kFieldHeaderMax];
  std::uint8_t* end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(
      static_cast<std::uint32_t>(field) << 3U | kLengthDelimited, head);
  end = google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(bytes, end);
  out.append(reinterpret_cast<const char*>(head), static_cast<std::size_t>(end - head));
}

/// Field `field` of type bytes.
inline void append_bytes_field(std::string& out, int field, std::string_view bytes) {
  append_field_header(out, field, bytes.size());
  out.append(bytes);
}

/// Field `field` of type bytes, or of a message type, that holds `message`.
inline void append_message_field(std::string& out, int field,
                                 const google::protobuf::MessageLite& message) {
  const std::size_t bytes = message.ByteSizeLong();
  append_field_header(out, field, bytes);
  const std::size_t at = out.size();
  out.resize(at + bytes);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data() + at));
}

}  // namespace laurel::runtime::internal
