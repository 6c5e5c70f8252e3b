/// ChunkView: an InboxChunk in place. Its messages are parsed one by one, as their turns come, into
/// one object that keeps its memory; as an object of protobuf's the chunk would be thousands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace laurel::runtime {
class InboxMessage;
}

namespace laurel::runtime::internal {

inline constexpr std::uint32_t kChunkFormat = 2;  // as it is written; 1 is read, too

struct ChunkView {
  ChunkView() = default;
  ChunkView(const ChunkView&) = delete;  // the views would be of the other's bytes
  ChunkView& operator=(const ChunkView&) = delete;

  /// An InboxRoute.
  struct Route {
    std::string to_type, to_key, message_type, event_type, source;
  };

  std::string bytes;
  std::vector<Route> routes;
  std::vector<std::string_view> causes;    ///< StoredCause each, in `bytes`
  std::vector<std::string_view> messages;  ///< InboxMessage each, in `bytes`
  std::uint32_t format = 0;

  /// Finds them; `bytes` is not changed after it. False: the bytes are no chunk of this format with
  /// a message in it. Whether each of them can be parsed is seen when it is.
  bool open();
  /// Where its route is in `routes`, or beyond them. `at`: where the message is in `messages`.
  std::size_t route_of(std::size_t at, const InboxMessage& message) const;

 private:
  bool make_routes();
};

}  // namespace laurel::runtime::internal
