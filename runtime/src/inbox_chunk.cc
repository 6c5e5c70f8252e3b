#include "inbox_chunk.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <utility>

#include "laurel/runtime/inbox.pb.h"
#include "wire.h"

namespace laurel::runtime::internal {

// Of protobuf's internals, but what its generated code has called for years: tags, taken apart.
using google::protobuf::internal::WireFormatLite;

namespace {

bool add_route(std::string_view bytes, std::vector<ChunkView::Route>& routes) {
  InboxRoute route;
  if (!parse(bytes, route)) return false;
  routes.push_back({std::move(*route.mutable_to_type()), std::move(*route.mutable_to_key()),
                    std::move(*route.mutable_message_type()),
                    std::move(*route.mutable_event_type()), std::move(*route.mutable_source())});
  return true;
}

}  // namespace

// Format 1: each message has its address, each cause all of its event. A message has a route of its
// own then.
bool ChunkView::make_routes() {
  routes.clear();
  InboxMessage message;
  StoredCause cause;
  for (const std::string_view each : messages) {
    if (!parse(each, message) || message.cause() >= causes.size() ||
        !parse(causes[message.cause()], cause)) {
      return false;
    }
    routes.push_back({message.to_type(), message.to_key(), message.message_type(),
                      cause.event_type(), cause.source()});
  }
  return true;
}

std::size_t ChunkView::route_of(std::size_t at, const InboxMessage& message) const {
  return format == 1 ? at : message.route();
}

bool ChunkView::open() {
  routes.clear();
  causes.clear();
  messages.clear();
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  format = 0;
  while (const std::uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (tag ==
        WireFormatLite::MakeTag(InboxChunk::kFormatFieldNumber, WireFormatLite::WIRETYPE_VARINT)) {
      if (!in.ReadVarint32(&format)) return false;
      continue;
    }
    const bool of_routes = field == InboxChunk::kRoutesFieldNumber;
    const bool of_causes = field == InboxChunk::kCausesFieldNumber;
    if ((!of_routes && !of_causes && field != InboxChunk::kMessagesFieldNumber) ||
        WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;  // of a newer version
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > bytes.size() - at) return false;
    const std::string_view part = std::string_view(bytes).substr(at, size);
    if (of_routes) {
      if (!add_route(part, routes)) return false;
    } else {
      (of_causes ? causes : messages).push_back(part);
    }
    if (!in.Skip(static_cast<int>(size))) return false;
  }
  if (!in.ConsumedEntireMessage() || messages.empty()) return false;
  return format == kChunkFormat || (format == 1 && make_routes());
}

}  // namespace laurel::runtime::internal
