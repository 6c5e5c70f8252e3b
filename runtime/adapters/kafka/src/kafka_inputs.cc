#include "laurel/adapters/kafka/kafka_inputs.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "input_record.h"
#include "link.h"
#include "topics.h"

namespace laurel::adapters {
namespace {

using kafka::Client;
using kafka::ClientBase;
using kafka::Deadline;
using kafka::LogRecord;
using kafka::Milliseconds;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatchRecords = 1000;           // of one topic partition, in a submission
constexpr std::size_t kBatchBytes = 4 * 1024 * 1024;  // of all that are collected
constexpr Milliseconds kFirstWait{100};               // for a first record
constexpr Milliseconds kAgain{5};                     // what was refused
constexpr Milliseconds kGroupOffsets{5000};
constexpr Milliseconds kLookForPartitions{10'000};
constexpr Milliseconds kAskWithin{30'000};

using Partitions =
    kafka::Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

struct TopicPartition {
  std::size_t input = 0;
  int partition = 0;
  std::int64_t next = 0;
  std::int64_t end = 0;
  bool at_end = false;
  bool halted = false;
  /// Collected for the next submission.
  std::vector<std::string> texts, places, positions;
};

class Inputs final : public KafkaInputs {
 public:
  Inputs(const KafkaOptions& options, std::vector<KafkaInput> inputs, KafkaInputPorts ports)
      : base_(options), inputs_(std::move(inputs)), ports_(std::move(ports)), readers_(base_) {}
  ~Inputs() override { stop(); }

  Status begin();
  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  std::vector<KafkaInputStatus> status() const override;

 private:
  Status find_partitions();
  Status place(TopicPartition& found, const std::vector<runtime::Positions>& durable);
  void assign();
  void run();
  void collect(const rd_kafka_message_t& message);
  bool submit_collected();
  void tell_behind();
  void write_group_offsets();
  void hear_group_offsets();
  void say_of_group(rd_kafka_resp_err_t code);
  bool stopped(Milliseconds wait = Milliseconds(0));
  TopicPartition* find(const char* topic, int partition);

  const ClientBase base_;
  const std::vector<KafkaInput> inputs_;
  const KafkaInputPorts ports_;
  kafka::LogReaders readers_;
  std::unique_ptr<Client> consumer_;
  kafka::Queue group_answers_;  ///< of writing the group's offsets
  bool group_refused_ = false;  ///< they are not written any more
  std::unique_ptr<Client> asker_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<TopicPartition> partitions_;  ///< changed under the mutex, by the thread only
  std::size_t collected_records_ = 0, collected_bytes_ = 0;
  bool behind_ = true;
  /// Submissions that are not done: they may outlive this.
  const std::shared_ptr<std::atomic<std::size_t>> under_way_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::thread thread_;
};

bool Inputs::stopped(Milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (wait.count() == 0) return stopping_;
  return stop_.wait_for(lock, wait, [this] { return stopping_; });
}

std::vector<KafkaInputStatus> Inputs::status() const {
  std::vector<KafkaInputStatus> out;
  const std::lock_guard lock(mutex_);
  for (const TopicPartition& each : partitions_) {
    out.push_back({inputs_[each.input].topic, each.partition, each.next, each.end, each.halted});
  }
  return out;
}

TopicPartition* Inputs::find(const char* topic, int partition) {
  for (TopicPartition& each : partitions_) {
    if (each.partition == partition && inputs_[each.input].topic == topic) return &each;
  }
  return nullptr;
}

Status Inputs::begin() {
  kafka::Settings settings = kafka::consumer_settings(base_, true);
  settings.emplace_back("fetch.wait.max.ms", "100");
  auto consumer = Client::make(RD_KAFKA_CONSUMER, base_, settings, 0);
  if (!consumer.ok()) return consumer.error();
  consumer_ = std::move(*consumer);
  group_answers_.reset(rd_kafka_queue_new(consumer_->get()));
  auto asker = Client::make(RD_KAFKA_CONSUMER, base_, kafka::consumer_settings(base_, false), 0);
  if (!asker.ok()) return asker.error();
  asker_ = std::move(*asker);
  if (Status status = find_partitions(); !status.ok()) return status;
  assign();
  thread_ = std::thread([this] { run(); });
  return {};
}

// Those that are new, each with where it goes on.
Status Inputs::find_partitions() {
  const Deadline deadline(kAskWithin);
  const std::vector<runtime::Positions> durable = ports_.positions();
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    const std::string& topic = inputs_[input].topic;
    const auto count = kafka::partitions_of(*asker_, topic, deadline);
    if (!count.ok()) return count.error();
    if (*count == 0) {
      return Error{ErrorCode::kNotFound, "the input topic " + topic +
                                             " is not there: make it, or "
                                             "take it out of the configuration"};
    }
    for (int partition = 0; partition < *count; ++partition) {
      if (find(topic.c_str(), partition) != nullptr) continue;
      TopicPartition found;
      found.input = input;
      found.partition = partition;
      if (Status status = place(found, durable); !status.ok()) return status;
      const std::lock_guard lock(mutex_);
      partitions_.push_back(std::move(found));
    }
  }
  return {};
}

// From where all partitions have handled it.
Status Inputs::place(TopicPartition& found, const std::vector<runtime::Positions>& durable) {
  const std::string& topic = inputs_[found.input].topic;
  const std::string name = kafka::input_name(topic, found.partition);
  const Deadline deadline(kAskWithin);
  const auto offsets = kafka::offsets_of(*asker_, topic, found.partition, deadline);
  if (!offsets.ok()) return offsets.error();
  found.end = offsets->second;
  bool all = true;
  std::optional<kafka::InputPosition> least;
  for (const runtime::Positions& positions : durable) {
    const auto known = positions.find(name);
    const auto position =
        known == positions.end() ? std::nullopt : kafka::decode_position(known->second);
    all = all && position.has_value();
    if (position && (!least || position->next < least->next)) least = position;
  }
  const auto halt = [&](const std::string& why) {
    found.halted = true;
    base_.say(true, "input " + topic + "/" + std::to_string(found.partition) +
                        " is halted: " + why + ". Nothing is jumped over; the other inputs go on");
  };
  found.next = offsets->first;
  if (!least) return {};
  // One without a position may have been given records in a commit that did not come to be.
  if (all) found.next = least->next;
  if (least->next < offsets->first || least->next > offsets->second) {
    halt("it holds offsets " + std::to_string(offsets->first) + " to " +
         std::to_string(offsets->second) + ", and was read to " + std::to_string(least->next));
    return {};
  }
  // The last record that was read may be gone by now, by age or because it was superseded.
  if (least->next == offsets->first) return {};
  std::optional<bool> same;
  Status status = readers_.read(topic, found.partition, least->next - 1, least->next, deadline,
                                [&](const LogRecord& record) {
                                  same = kafka::check_of(record) == least->check;
                                  return false;
                                });
  if (!status.ok()) return status;
  if (same == false) {
    halt("the record at offset " + std::to_string(least->next - 1) +
         " is not the one that was read: the topic was made anew");
  }
  return {};
}

void Inputs::assign() {
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (const TopicPartition& each : partitions_) {
    if (each.halted) continue;
    rd_kafka_topic_partition_list_add(list.get(), inputs_[each.input].topic.c_str(), each.partition)
        ->offset = each.next;
  }
  if (const auto code = rd_kafka_assign(consumer_->get(), list.get());
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    base_.say(true, "the inputs cannot be read: " + kafka::text_of(code));
  }
}

void Inputs::collect(const rd_kafka_message_t& message) {
  const char* const topic = rd_kafka_topic_name(message.rkt);
  TopicPartition* const from = find(topic, message.partition);
  if (from == nullptr || from->halted) return;
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    const std::lock_guard lock(mutex_);
    from->at_end = true;
    from->end = std::max(from->end, message.offset);
    return;
  }
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
      message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
    const std::lock_guard lock(mutex_);
    from->halted = true;
    base_.say(true, std::string("input ") + topic + "/" + std::to_string(message.partition) +
                        " is halted: offset " + std::to_string(from->next) +
                        " is not there any more. Nothing is jumped over");
    return;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const std::string what =
        std::string("input ") + topic + "/" + std::to_string(message.partition);
    base_.say(true, kafka::refused_or_away(what, message.err, {"Read", "topic", topic}).message);
    return;
  }
  // After an assignment what was fetched before may come again.
  if (message.offset < from->next) return;
  const LogRecord record = kafka::record_of(message);
  const std::lock_guard lock(mutex_);
  from->at_end = false;
  from->next = message.offset + 1;
  from->end = std::max(from->end, from->next);
  from->texts.push_back(kafka::event_text(record));
  from->places.push_back(std::string(topic) + "/" + std::to_string(message.partition) + "@" +
                         std::to_string(message.offset));
  from->positions.push_back(kafka::encode_position(record));
  ++collected_records_;
  collected_bytes_ += from->texts.back().size();
}

// False: it is to be stopped.
bool Inputs::submit_collected() {
  for (TopicPartition& each : partitions_) {
    if (each.texts.empty()) continue;
    auto submission = std::make_shared<runtime::Submission>();
    submission->source = inputs_[each.input].topic + "/" + std::to_string(each.partition);
    submission->input = kafka::input_name(inputs_[each.input].topic, each.partition);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < each.texts.size(); ++i) {
      bytes += each.texts[i].size() + each.places[i].size() + each.positions[i].size();
    }
    submission->bytes.reserve(bytes);
    const auto keep = [&](const std::string& text) {
      const std::size_t at = submission->bytes.size();
      submission->bytes += text;
      return std::string_view(submission->bytes.data() + at, text.size());
    };
    for (std::size_t i = 0; i < each.texts.size(); ++i) {
      runtime::RawRecord record;
      record.bytes = keep(each.texts[i]);
      record.length = record.bytes.size();
      record.oversize = record.length > contract::kLineBytesMax;
      if (record.oversize) record.bytes = record.bytes.substr(0, contract::kDeadLetterRawMax);
      record.place = keep(each.places[i]);
      record.position = keep(each.positions[i]);
      submission->records.push_back(record);
    }
    each.texts.clear();
    each.places.clear();
    each.positions.clear();
    ++*under_way_;
    submission->done = [under_way = under_way_](runtime::Submission&) { --*under_way; };
    for (;;) {
      const Status status = ports_.submit(submission, inputs_[each.input].decoder());
      if (status.ok()) break;
      if (stopped(kAgain)) return false;
      // A node that has failed or stops takes no more; what was not handled is read again.
      if (status.error().code != ErrorCode::kOverloaded && stopped(Milliseconds(200))) return false;
    }
  }
  collected_records_ = collected_bytes_ = 0;
  return true;
}

void Inputs::tell_behind() {
  // What was handed in may not have come to its partition yet.
  const bool behind =
      *under_way_ > 0 || std::any_of(partitions_.begin(), partitions_.end(),
                                     [](const TopicPartition& each) { return !each.at_end; });
  if (behind == behind_) return;
  behind_ = behind;
  ports_.behind(behind);
}

void Inputs::write_group_offsets() {
  const auto durable = ports_.positions();
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (const TopicPartition& each : partitions_) {
    const std::string name = kafka::input_name(inputs_[each.input].topic, each.partition);
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const runtime::Positions& positions : durable) {
      const auto known = positions.find(name);
      const auto position =
          known == positions.end() ? std::nullopt : kafka::decode_position(known->second);
      least = std::min(least, position ? position->next : std::int64_t{0});
    }
    if (least == 0) continue;
    rd_kafka_topic_partition_list_add(list.get(), inputs_[each.input].topic.c_str(), each.partition)
        ->offset = least;
  }
  // What the library holds back for a group it has no right to would hold up the stop.
  if (list->cnt == 0 || group_refused_) return;
  if (const auto code = rd_kafka_commit_queue(consumer_->get(), list.get(), group_answers_.get(),
                                              nullptr, nullptr);
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    say_of_group(code);
  }
}

void Inputs::hear_group_offsets() {
  while (const kafka::Event event{rd_kafka_queue_poll(group_answers_.get(), 0)}) {
    say_of_group(rd_kafka_event_error(event.get()));
  }
}

// They are for people only: nothing stops.
void Inputs::say_of_group(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  group_refused_ = group_refused_ || kafka::lacks_right(code);
  const std::string& group = base_.options.cluster;
  base_.say_of_many(true, kafka::refused_or_away("writing the offsets of group " + group, code,
                                                 {"Read", "group", group})
                                  .message +
                              "; only tools that show the lag miss it, until the next start");
}

void Inputs::run() {
  auto offsets_at = Clock::now();
  auto looked_at = Clock::now();
  while (!stopped()) {
    int wait = static_cast<int>(kFirstWait.count());
    while (collected_records_ < kBatchRecords && collected_bytes_ < kBatchBytes) {
      const kafka::Message message(rd_kafka_consumer_poll(consumer_->get(), wait));
      if (message == nullptr) break;
      if (message->rkt != nullptr) {
        collect(*message);
      } else if (kafka::lacks_right(message->err)) {
        say_of_group(message->err);
      }
      wait = 0;  // what is there goes at once
    }
    if (!submit_collected()) return;
    tell_behind();
    hear_group_offsets();
    const auto now = Clock::now();
    if (now - offsets_at > kGroupOffsets) {
      offsets_at = now;
      write_group_offsets();
    }
    if (now - looked_at > kLookForPartitions) {
      looked_at = now;
      const std::size_t before = partitions_.size();
      if (const Status status = find_partitions(); !status.ok()) {
        base_.say(true, status.error().message);
      }
      if (partitions_.size() != before) assign();
    }
  }
  write_group_offsets();
}

}  // namespace

Result<std::unique_ptr<KafkaInputs>> KafkaInputs::start(const KafkaOptions& options,
                                                        std::vector<KafkaInput> inputs,
                                                        KafkaInputPorts ports) {
  auto out = std::make_unique<Inputs>(options, std::move(inputs), std::move(ports));
  if (Status status = out->begin(); !status.ok()) return status.error();
  return std::unique_ptr<KafkaInputs>(std::move(out));
}

}  // namespace laurel::adapters
