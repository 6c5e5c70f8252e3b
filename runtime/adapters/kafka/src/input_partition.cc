#include "input_partition.h"

#include <algorithm>
#include <utility>

#include "laurel/contract/limits.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

constexpr Milliseconds kAskWithin{30'000};
constexpr Milliseconds kSilence{1000};  // in less nobody deletes a topic, makes and fills it

}  // namespace

void InputPartition::collect(const LogRecord& record) {
  const auto now = std::chrono::steady_clock::now();
  if (now - heard > kSilence && texts.empty()) to_prove = known;
  heard = now;
  at_end = false;
  read_since_proof = true;
  next = record.offset + 1;
  end = std::max(end, next);
  known = InputPosition{next, check_of(record)};
  texts.push_back(event_bytes(record));
  encodings.push_back(encoding_of(record));
  places.push_back(topic + "/" + std::to_string(partition) + "@" + std::to_string(record.offset));
  positions.push_back(encode_position(*known));
  rd_kafka_timestamp_type_t kind{};
  const std::int64_t at_us = rd_kafka_message_timestamp(record.message, &kind) * 1000;
  if (kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || at_us < 0) return;
  if (times.empty() || times.back().first != at_us) times.emplace_back(at_us, 0);
  ++times.back().second;
}

std::shared_ptr<runtime::Submission> InputPartition::take_collected() {
  auto out = std::make_shared<runtime::Submission>();
  out->source = topic + "/" + std::to_string(partition);
  out->input = name();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    bytes += texts[i].size() + places[i].size() + positions[i].size();
  }
  out->bytes.reserve(bytes);
  const auto keep = [&](const std::string& text) {
    const std::size_t at = out->bytes.size();
    out->bytes += text;
    return std::string_view(out->bytes.data() + at, text.size());
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    runtime::RawRecord record;
    record.bytes = keep(texts[i]);
    record.length = record.bytes.size();
    record.oversize = record.length > contract::kLineBytesMax;
    if (record.oversize) record.bytes = record.bytes.substr(0, contract::kDeadLetterRawMax);
    record.place = keep(places[i]);
    record.position = keep(positions[i]);
    record.encoding = encodings[i];
    out->records.push_back(record);
  }
  drop_collected();
  return out;
}

bool all_durable(const runtime::Submission& submission) {
  return submission.results.size() == submission.records.size() &&
         std::ranges::none_of(submission.results, [](const runtime::EventResult& result) {
           return result.status == runtime::EventStatus::kPending;
         });
}

void InputPartition::drop_collected() {
  texts.clear();
  encodings.clear();
  times.clear();
  places.clear();
  positions.clear();
}

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
  if (least->next == offsets->first) return {};
  input.known = least;
  return prove(input, *least, placing, deadline);
}

Status prove(InputPartition& input, const InputPosition& read, const Placing& placing,
             const Deadline& deadline) {
  std::optional<bool> same;
  Status status = placing.readers.read(input.topic, input.partition, read.next - 1, read.next,
                                       deadline, [&](const LogRecord& record) {
                                         same = check_of(record) == read.check;
                                         return false;
                                       });
  if (!status.ok() && status.error().code != ErrorCode::kDataLost) return status;
  if (same == false) {
    input.drop_collected();
    halt(placing.base, input,
         "the record at offset " + std::to_string(read.next - 1) +
             " is not the one that was read: the topic was made anew");
  }
  return {};
}

}  // namespace laurel::adapters::kafka
