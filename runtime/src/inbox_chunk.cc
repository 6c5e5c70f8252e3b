#include "inbox_chunk.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "laurel/runtime/inbox.pb.h"

namespace laurel::runtime::internal {

// Of protobuf's internals, but what its generated code has called for years: tags, taken apart.
using google::protobuf::internal::WireFormatLite;

bool ChunkView::open() {
  causes.clear();
  messages.clear();
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  std::uint32_t format = 0;
  while (const std::uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (tag ==
        WireFormatLite::MakeTag(InboxChunk::kFormatFieldNumber, WireFormatLite::WIRETYPE_VARINT)) {
      if (!in.ReadVarint32(&format)) return false;
      continue;
    }
    const bool of_causes = field == InboxChunk::kCausesFieldNumber;
    if ((!of_causes && field != InboxChunk::kMessagesFieldNumber) ||
        WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;  // of a newer version
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > bytes.size() - at) return false;
    (of_causes ? causes : messages).push_back(std::string_view(bytes).substr(at, size));
    if (!in.Skip(static_cast<int>(size))) return false;
  }
  return in.ConsumedEntireMessage() && format == 1 && !messages.empty();
}

}  // namespace laurel::runtime::internal
