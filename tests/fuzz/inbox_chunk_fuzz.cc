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
  require(opened == (chunk.format() == 2 && chunk.messages_size() > 0));
  if (!opened) return 0;
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
