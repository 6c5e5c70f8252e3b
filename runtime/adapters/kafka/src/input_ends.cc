#include "input_ends.h"

#include <algorithm>

#include "input_partition.h"

namespace laurel::adapters::kafka {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kAgain{1000};
constexpr Milliseconds kWithin{3000};
constexpr int kShare = 5;  // it waits so many times as long as an answer took

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool said_to_be_at_end(const InputPartition& input) { return input.at_end && !input.halted; }

}  // namespace

void InputEnds::round(std::vector<InputPartition>& inputs) {
  const Clock::time_point began = Clock::now();
  if (began < again_) return;
  const std::int64_t began_us = wall_us();
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(inputs.size())));
  for (const InputPartition& each : inputs) {
    if (!said_to_be_at_end(each)) continue;
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
        RD_KAFKA_OFFSET_END;
  }
  if (list->cnt > 0 &&
      rd_kafka_offsets_for_times(consumer_.get(), list.get(), static_cast<int>(kWithin.count())) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    again_ = Clock::now() + std::max<Clock::duration>(kAgain, (Clock::now() - began) * kShare);
    return;
  }
  again_ = Clock::now() + std::max<Clock::duration>(kAgain, (Clock::now() - began) * kShare);
  bool all_answered = true;
  for (InputPartition& each : inputs) {
    if (!said_to_be_at_end(each)) continue;
    const auto* answer =
        rd_kafka_topic_partition_list_find(list.get(), each.topic.c_str(), each.partition);
    if (answer == nullptr || answer->err != RD_KAFKA_RESP_ERR_NO_ERROR || answer->offset < 0) {
      all_answered = false;
    } else if (answer->offset > std::max(each.next, each.passed)) {
      const std::lock_guard lock(mutex_);
      each.at_end = false;  // until it is read so far
    }
  }
  if (all_answered) as_of_us_ = began_us;
}

}  // namespace laurel::adapters::kafka
