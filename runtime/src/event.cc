#include "laurel/runtime/event.h"

#include <algorithm>

namespace laurel::runtime {

std::string_view keep_on(google::protobuf::Arena& arena, std::string_view text) {
  if (text.empty()) return {};
  char* const kept = google::protobuf::Arena::CreateArray<char>(&arena, text.size());
  std::copy(text.begin(), text.end(), kept);
  return {kept, text.size()};
}

// An event takes two kilobytes of it; the default's largest block would hold four.
google::protobuf::ArenaOptions Submission::arena_options() {
  google::protobuf::ArenaOptions options;
  options.max_block_size = std::size_t{64} << 10U;
  return options;
}

}  // namespace laurel::runtime
