#include "laurel/runtime/event.h"

#include <algorithm>

namespace laurel::runtime {

TimeUs counted_time(const Event& event, const RawRecord& record, std::int64_t skew_us) {
  if (event.envelope == nullptr || !event.reject_code.empty()) {
    return std::numeric_limits<TimeUs>::min();
  }
  const TimeUs time = event.envelope->time_us();
  return record.appended_us > 0 ? std::min(time, record.appended_us + skew_us) : time;
}

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
