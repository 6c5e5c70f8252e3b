/// What protobuf's own serializers would copy twice: a message that goes into an arena, a large
/// field behind a message that is serialized already. Parsers take fields in any order (protobuf's
/// encoding, "field order").
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>

#include <climits>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "laurel/runtime/byte_arena.h"
#include "laurel/runtime/errors.h"

namespace laurel::runtime::internal {

inline bool parse(std::string_view bytes, google::protobuf::MessageLite& into) {
  return into.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

/// The message, serialized, in the arena.
inline std::string_view keep_message(ByteArena& arena,
                                     const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  if (size == 0) return arena.keep({});
  char* bytes = arena.take(size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes));
  return {bytes, size};
}

/// The message, serialized, in place of what was in `out`, whose memory is used again.
inline void write_over(std::string& out, const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  LAUREL_ASSERT(size <= INT_MAX);  // what protobuf can parse
  out.resize(size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data()));
}

/// Of a field of type bytes, its header included.
inline std::size_t bytes_field_size(int field, std::size_t bytes) {
  using google::protobuf::io::CodedOutputStream;
  return CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(field) << 3U) +
         CodedOutputStream::VarintSize64(bytes) + bytes;
}

inline constexpr std::size_t kBytesHeaderMax = 5 + 10;  // two varints, of 32 and 64 bits

/// Writes what stands before the bytes of a field of type bytes; the end of it. REQUIRES: room for
/// kBytesHeaderMax.
inline char* write_bytes_header(char* out, int field, std::size_t bytes) {
  constexpr std::uint32_t kLengthDelimited = 2;
  using google::protobuf::io::CodedOutputStream;
  auto* end = reinterpret_cast<std::uint8_t*>(out);
  end = CodedOutputStream::WriteVarint32ToArray(
      static_cast<std::uint32_t>(field) << 3U | kLengthDelimited, end);
  return reinterpret_cast<char*>(CodedOutputStream::WriteVarint64ToArray(bytes, end));
}

/// Writes field `field` of type bytes; the end of it. REQUIRES: room for bytes_field_size().
inline char* write_bytes_field(char* out, int field, std::string_view bytes) {
  char* const at = write_bytes_header(out, field, bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());  // from null: undefined
  return at + bytes.size();
}

/// The message, serialized, with a field `field` of type bytes behind it, in the arena.
inline std::string_view keep_message_and(ByteArena& arena,
                                         const google::protobuf::MessageLite& message, int field,
                                         std::string_view bytes) {
  const std::size_t head = message.ByteSizeLong();
  const std::size_t size = head + bytes_field_size(field, bytes.size());
  char* const out = arena.take(size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out));
  write_bytes_field(out + head, field, bytes);
  return {out, size};
}

/// The header of field `field` of type bytes; that many bytes are to follow.
inline void append_bytes_header(std::string& out, int field, std::size_t bytes) {
  char header[kBytesHeaderMax];
  out.append(header, static_cast<std::size_t>(write_bytes_header(header, field, bytes) - header));
}

/// Field `field` of type bytes.
inline void append_bytes_field(std::string& out, int field, std::string_view bytes) {
  append_bytes_header(out, field, bytes.size());
  out.append(bytes);
}

}  // namespace laurel::runtime::internal
