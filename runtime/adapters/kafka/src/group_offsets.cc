#include "group_offsets.h"

#include <algorithm>
#include <limits>

#include "input_record.h"
#include "link.h"

namespace laurel::adapters::kafka {

void GroupOffsets::write(const std::vector<InputPartition>& inputs,
                         const std::vector<runtime::Positions>& durable) {
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(inputs.size())));
  for (const InputPartition& each : inputs) {
    const std::string name = each.name();
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const runtime::Positions& positions : durable) {
      const auto known = positions.find(name);
      const auto position =
          known == positions.end() ? std::nullopt : decode_position(known->second);
      least = std::min(least, position ? position->last.next : std::int64_t{0});
    }
    if (least == 0) continue;
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
        least;
  }
  // What the library holds back for a group it has no right to would hold up the stop.
  if (list->cnt == 0 || refused_) return;
  if (const auto code =
          rd_kafka_commit_queue(consumer_.get(), list.get(), answers_.get(), nullptr, nullptr);
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    say(code);
  }
}

void GroupOffsets::hear() {
  while (const Event event{rd_kafka_queue_poll(answers_.get(), 0)}) {
    say(rd_kafka_event_error(event.get()));
  }
}

// They are for people only: nothing stops.
void GroupOffsets::say(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) return;  // its input tells that
  refused_ = refused_ || lacks_right(code);
  const std::string& group = base_.options.cluster;
  const std::string what =
      refused_or_away("writing the offsets of group " + group, code, {"Read", "group", group})
          .message +
      "; only tools that show the lag miss it, until the next start";
  base_.say_of_many(true, what);
  if (refused_) base_.trouble(group, what);
}

}  // namespace laurel::adapters::kafka
