#include "input_partition.h"

#include <algorithm>
#include <optional>

#include "input_record.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

constexpr Milliseconds kAskWithin{30'000};

}  // namespace

std::string InputPartition::name() const { return input_name(topic, partition, generation); }

runtime::InputStatus InputPartition::status() const {
  return {topic, partition, std::max(next, passed), end, generation, halted, why};
}

void halt(const ClientBase& base, InputPartition& input, const std::string& why) {
  input.halted = true;
  input.why = why;
  const std::string name = input.topic + "/" + std::to_string(input.partition);
  base.say(true, "input " + name + " is halted: " + why +
                     ". Nothing is jumped over; the other inputs go on. If what is lost is lost: "
                     "laurel input accept-loss " +
                     input.topic + " " + std::to_string(input.partition));
}

// A new generation has positions of its own: none, so that it is read from its beginning.
runtime::Result<runtime::AdminAction> acceptance(const InputPartition& input,
                                                 const runtime::InputLoss& loss) {
  const std::string name = input.topic + "/" + std::to_string(input.partition);
  if (!input.halted) {
    return Error{ErrorCode::kInvalidInput,
                 "input " + name + " is not halted: nothing of it is lost"};
  }
  const std::uint32_t next = input.generation + 1;
  runtime::AdminAction action;
  action.action = "input.accept-loss";
  action.target = name;
  action.by = loss.by;
  action.reason = loss.reason;
  action.before = "halted: " + input.why;
  action.after = "read from its first record, generation " + std::to_string(next);
  action.positions[generation_name(input.topic, input.partition)] = encode_generation(next);
  return action;
}

// From where all partitions have handled it.
Status place(InputPartition& input, const std::vector<runtime::Positions>& durable,
             const Placing& placing) {
  const std::string& topic = input.topic;
  const std::string generation = generation_name(topic, input.partition);
  for (const runtime::Positions& positions : durable) {
    const auto known = positions.find(generation);
    if (known == positions.end()) continue;
    input.generation = std::max(input.generation, decode_generation(known->second));
  }
  const std::string name = input.name();
  const Deadline deadline(kAskWithin);
  const auto offsets = offsets_of(placing.asker, topic, input.partition, deadline);
  if (!offsets.ok()) return offsets.error();
  input.end = offsets->second;
  bool all = true;
  std::optional<InputPosition> least;
  for (const runtime::Positions& positions : durable) {
    const auto known = positions.find(name);
    const auto position = known == positions.end() ? std::nullopt : decode_position(known->second);
    all = all && position.has_value();
    if (position && (!least || position->next < least->next)) least = position;
  }
  input.next = offsets->first;
  if (!least) return {};
  // One without a position may have been given records in a commit that did not come to be.
  if (all) input.next = least->next;
  if (least->next < offsets->first || least->next > offsets->second) {
    halt(placing.base, input,
         "it holds offsets " + std::to_string(offsets->first) + " to " +
             std::to_string(offsets->second) + ", and was read to " + std::to_string(least->next));
    return {};
  }
  // The last record that was read may be gone by now, by age or because it was superseded.
  if (least->next == offsets->first) return {};
  std::optional<bool> same;
  Status status = placing.readers.read(topic, input.partition, least->next - 1, least->next,
                                       deadline, [&](const LogRecord& record) {
                                         same = check_of(record) == least->check;
                                         return false;
                                       });
  if (!status.ok()) return status;
  if (same == false) {
    halt(placing.base, input,
         "the record at offset " + std::to_string(least->next - 1) +
             " is not the one that was read: the topic was made anew");
  }
  return {};
}

}  // namespace laurel::adapters::kafka
