// Any bytes as a chunk of the inbox: what protobuf reads in them is what is found in place.
#include "inbox_chunk.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "laurel/runtime/inbox.pb.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using laurel::runtime::InboxChunk;
  laurel::runtime::internal::ChunkView view;
  view.bytes.assign(reinterpret_cast<const char*>(data), size);
  const bool opened = view.open();
  for (const auto* parts : {&view.causes, &view.messages}) {
    for (const std::string_view part : *parts) {
      require(part.data() >= view.bytes.data() &&
              part.data() + part.size() <= view.bytes.data() + size);
    }
  }
  InboxChunk chunk;
  // The other way round it need not be: of what is in place, the parts are not parsed yet.
  if (!chunk.ParseFromArray(data, static_cast<int>(size))) return 0;
  // Format 1: what messages have in common is in each of them and in their causes.
  bool complete = true;
  for (const auto& message : chunk.messages()) {
    complete = complete && message.cause() < static_cast<std::uint32_t>(chunk.causes_size());
  }
  require(opened == (chunk.messages_size() > 0 &&
                     (chunk.format() == 2 || (chunk.format() == 1 && complete))));
  if (!opened) return 0;
  if (chunk.format() == 1) {
    require(view.routes.size() == view.messages.size());
    for (std::size_t i = 0; i < view.routes.size(); ++i) {
      const auto& message = chunk.messages(static_cast<int>(i));
      require(view.routes[i].to_key == message.to_key());
      require(view.routes[i].source == chunk.causes(static_cast<int>(message.cause())).source());
    }
    return 0;
  }
  require(view.causes.size() == static_cast<std::size_t>(chunk.causes_size()));
  require(view.messages.size() == static_cast<std::size_t>(chunk.messages_size()));
  require(view.routes.size() == static_cast<std::size_t>(chunk.routes_size()));
  for (std::size_t i = 0; i < view.routes.size(); ++i) {
    const laurel::runtime::InboxRoute& route = chunk.routes(static_cast<int>(i));
    require(view.routes[i].to_type == route.to_type() && view.routes[i].to_key == route.to_key() &&
            view.routes[i].message_type == route.message_type() &&
            view.routes[i].event_type == route.event_type() &&
            view.routes[i].source == route.source());
  }
  for (std::size_t i = 0; i < view.messages.size(); ++i) {
    laurel::runtime::InboxMessage message;
    require(
        message.ParseFromArray(view.messages[i].data(), static_cast<int>(view.messages[i].size())));
    require(message.SerializeAsString() == chunk.messages(static_cast<int>(i)).SerializeAsString());
  }
  return 0;
}
