#include "input_partition.h"

#include <algorithm>
#include <utility>

#include "laurel/contract/limits.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;
using Found = InputProofs::Found;

}  // namespace

void InputPartition::pass(const InputPosition& position, InputProof::Time now) {
  if (collected.empty()) {
    next_before = next;
    proof_before = proof;
  }
  proof.read(position, now);
  next = position.next;
  end = std::max(end, next);
}

void InputPartition::collect(const LogRecord& record) {
  const InputPosition position{record.offset + 1, check_of(record)};
  pass(position, std::chrono::steady_clock::now());
  const runtime::Encoding encoding = encoding_of(record);
  rd_kafka_timestamp_type_t kind{};
  const std::int64_t at_us = rd_kafka_message_timestamp(record.message, &kind) * 1000;
  const bool timed = kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && at_us >= 0;
  collected.push_back({event_bytes(record, encoding),
                       address() + "@" + std::to_string(record.offset),
                       encode_position({position, *proof.anchor}), timed ? at_us : 0, encoding});
  if (!timed) return;
  if (times.empty() || times.back().first != at_us) times.emplace_back(at_us, 0);
  ++times.back().second;
}

std::shared_ptr<runtime::Submission> InputPartition::take_collected() {
  auto out = std::make_shared<runtime::Submission>();
  out->source = address();
  out->input = name();
  std::size_t bytes = 0;
  for (const CollectedRecord& each : collected) {
    bytes += each.bytes.size() + each.place.size() + each.position.size();
  }
  out->bytes.reserve(bytes);
  const auto keep = [&](const std::string& text) {
    const std::size_t at = out->bytes.size();
    out->bytes += text;
    return std::string_view(out->bytes.data() + at, text.size());
  };
  for (const CollectedRecord& each : collected) {
    runtime::RawRecord record;
    record.bytes = keep(each.bytes);
    record.length = record.bytes.size();
    record.oversize = record.length > contract::kLineBytesMax;
    if (record.oversize) record.bytes = record.bytes.substr(0, contract::kDeadLetterRawMax);
    record.place = keep(each.place);
    record.position = keep(each.position);
    record.encoding = each.encoding;
    record.appended_us = each.appended_us;
    out->records.push_back(record);
  }
  drop_collected();
  return out;
}

runtime::InputTimes times_of(std::vector<InputPartition>& inputs) {
  runtime::InputTimes out;
  for (InputPartition& each : inputs) {
    const std::int64_t read = std::max(each.next, each.passed);
    out.inputs.push_back({each.name(), each.halted ? 0 : each.time.come_to(read)});
  }
  std::ranges::sort(out.inputs, {}, &runtime::InputTimes::Input::name);
  return out;
}

bool all_durable(const runtime::Submission& submission) {
  return submission.results.size() == submission.records.size() &&
         std::ranges::none_of(submission.results, [](const runtime::EventResult& result) {
           return result.status == runtime::EventStatus::kPending;
         });
}

void InputPartition::drop_collected() {
  collected.clear();
  times.clear();
}

void InputPartition::put_back() {
  if (collected.empty()) return;
  proof_before.held = true;
  proof_before.again = proof.again;
  proof_before.pause = proof.pause;
  next = next_before;
  proof = proof_before;
  passed = std::min(passed, next);
  drop_collected();
}

std::string InputPartition::name() const { return input_name(topic, partition, generation); }

runtime::InputStatus InputPartition::status() const {
  return {topic, partition, std::max(next, passed), end, generation, halted, why};
}

void halt(const ClientBase& base, InputPartition& input, const std::string& why) {
  input.halted = true;
  input.why = why;
  base.say(true, input.about() + " is halted: " + why +
                     ". Nothing is jumped over; the other inputs go on. If what is lost is lost: "
                     "laurel input accept-loss " +
                     input.topic + " " + std::to_string(input.partition));
}

// A new generation has positions of its own: none, so that it is read from its beginning.
runtime::Result<runtime::AdminAction> acceptance(const InputPartition& input,
                                                 const runtime::InputLoss& loss) {
  if (!input.halted) {
    return Error{ErrorCode::kInvalidInput, input.about() + " is not halted: nothing of it is lost"};
  }
  const std::uint32_t next = input.generation + 1;
  runtime::AdminAction action;
  action.action = "input.accept-loss";
  action.target = input.address();
  action.by = loss.by;
  action.reason = loss.reason;
  action.before = "halted: " + input.why;
  action.after = "read from its first record, generation " + std::to_string(next);
  action.positions[generation_name(input.topic, input.partition)] = encode_generation(next);
  return action;
}

// From where all partitions have handled it. What a node has read of a topic that was made anew,
// and died before it was noticed, has an anchor that was read before: that is proved, too.
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
  const auto offsets = offsets_of(placing.asker, topic, input.partition, Deadline(placing.within));
  if (!offsets.ok()) return offsets.error();
  input.end = offsets->second;
  bool all = true;
  std::optional<HandledPosition> least;
  for (const runtime::Positions& positions : durable) {
    const auto known = positions.find(name);
    const auto position = known == positions.end() ? std::nullopt : decode_position(known->second);
    all = all && position.has_value();
    if (position && (!least || position->last.next < least->last.next)) least = position;
  }
  input.next = offsets->first;
  if (!least) return {};
  const InputPosition& last = least->last;
  // One without a position may have been given records in a commit that did not come to be.
  if (all) input.next = last.next;
  if (last.next < offsets->first || last.next > offsets->second) {
    halt(placing.base, input,
         "it holds offsets " + std::to_string(offsets->first) + " to " +
             std::to_string(offsets->second) + ", and was read to " + std::to_string(last.next));
    return {};
  }
  for (const InputPosition& read : {least->anchor, last}) {
    const Result<Found> found = look(input, read, placing);
    if (!found.ok()) return found.error();
    if (*found == Found::kOther) {
      halt_made_anew(placing.base, input);
      return {};
    }
  }
  input.proof.known = last;
  input.proof.proved(std::chrono::steady_clock::now());
  return {};
}

Result<Found> look(const InputPartition& input, const InputPosition& read, const Placing& placing) {
  const Deadline deadline(placing.within);
  std::optional<bool> same;
  const Status status = placing.readers.read(input.topic, input.partition, read.next - 1, read.next,
                                             deadline, [&](const LogRecord& record) {
                                               same = check_of(record) == read.check;
                                               return false;
                                             });
  if (same) return *same ? Found::kSame : Found::kOther;
  if (status.ok()) return Found::kGone;
  if (status.error().code != ErrorCode::kDataLost) return status.error();
  const auto offsets = offsets_of(placing.asker, input.topic, input.partition, deadline);
  if (!offsets.ok()) return offsets.error();
  return offsets->second < read.next ? Found::kOther : Found::kGone;
}

void halt_made_anew(const ClientBase& base, InputPartition& input) {
  const std::int64_t read_to = input.collected.empty() ? input.next : input.next_before;
  input.drop_collected();
  halt(base, input,
       "what was read before offset " + std::to_string(read_to) +
           " is not there any more, other records are: the topic was made anew");
}

}  // namespace laurel::adapters::kafka
