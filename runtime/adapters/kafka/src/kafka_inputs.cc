#include "laurel/adapters/kafka/kafka_inputs.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "group_offsets.h"
#include "input_ends.h"
#include "input_partition.h"
#include "link.h"
#include "topics.h"

namespace laurel::adapters {
namespace {

using kafka::Client;
using kafka::ClientBase;
using kafka::Deadline;
using kafka::InputPartition;
using kafka::Milliseconds;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatchRecords = 1000;  // of all that are collected, and their bytes
constexpr std::size_t kBatchBytes = 4 * 1024 * 1024;
constexpr Milliseconds kNudgeAllWithin{300};
constexpr Milliseconds kFirstWait{100};  // for a first record
constexpr Milliseconds kAgain{5};        // what was refused
constexpr Milliseconds kGroupOffsets{5000};
constexpr Milliseconds kHearOfEnds{500};
constexpr Milliseconds kTellTimes{100};
constexpr Milliseconds kLookForPartitions{10'000};
constexpr Milliseconds kAskWithin{30'000};   // before anything is read
constexpr Milliseconds kAskMeanwhile{2000};  // all inputs wait for it
constexpr const char* kInputs = "inputs";    // whose metadata are in trouble

class Inputs final : public KafkaInputs {
 public:
  Inputs(const KafkaOptions& options, std::vector<KafkaInput> inputs, KafkaInputPorts ports)
      : base_(options),
        inputs_(std::move(inputs)),
        ports_(std::move(ports)),
        readers_(base_),
        proofs_(base_, mutex_, proof_ports()) {}
  ~Inputs() override { stop(); }

  Status begin();
  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    ends_.reset();
    if (thread_.joinable()) thread_.join();
  }
  std::vector<runtime::InputStatus> status() const override;
  std::vector<std::string> troubles() const override { return base_.troubles(); }
  Result<runtime::AdminAction> acceptance(const runtime::InputLoss& loss) const override;
  void accepted(const std::string& topic, int partition) override {
    const std::lock_guard lock(mutex_);
    accepted_.emplace_back(topic, partition);
  }

 private:
  Status find_partitions(Milliseconds within);
  void look_for_partitions();
  void go_on_with_accepted();
  void assign();
  void run();
  void collect(const rd_kafka_message_t& message);
  bool submit_collected();
  void tell_trouble(InputPartition& from, rd_kafka_resp_err_t code);
  void no_trouble(InputPartition& from);
  void tell_times(Clock::time_point now);
  void hear_of_ends();
  bool stopped(Milliseconds wait = Milliseconds(0));
  InputPartition* find(const char* topic, int partition);
  kafka::InputProofs::Ports proof_ports();

  const ClientBase base_;
  const std::vector<KafkaInput> inputs_;
  const KafkaInputPorts ports_;
  kafka::LogReaders readers_;
  std::unique_ptr<Client> consumer_;
  std::optional<kafka::GroupOffsets> group_offsets_;
  std::unique_ptr<Client> asker_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<InputPartition> partitions_;  ///< changed under the mutex, by the thread only
  std::vector<std::pair<std::string, int>> accepted_;  ///< losses, since the thread looked
  std::size_t collected_records_ = 0, collected_bytes_ = 0;
  kafka::InputProofs proofs_;
  runtime::InputTimes times_;  ///< as told
  Clock::time_point times_at_;
  std::thread thread_;
  std::optional<kafka::InputEnds> ends_;  ///< ends first
};

bool Inputs::stopped(Milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (wait.count() == 0) return stopping_;
  return stop_.wait_for(lock, wait, [this] { return stopping_; });
}

Result<runtime::AdminAction> Inputs::acceptance(const runtime::InputLoss& loss) const {
  const std::lock_guard lock(mutex_);
  for (const InputPartition& each : partitions_) {
    if (each.partition == loss.partition && each.topic == loss.topic) {
      return kafka::acceptance(each, loss);
    }
  }
  return Error{ErrorCode::kNotFound,
               "there is no input " + loss.topic + "/" + std::to_string(loss.partition)};
}

std::vector<runtime::InputStatus> Inputs::status() const {
  std::vector<runtime::InputStatus> out;
  const std::lock_guard lock(mutex_);
  for (const InputPartition& each : partitions_) {
    out.push_back(each.status());
  }
  return out;
}

// Those whose loss was accepted, from where they are now.
void Inputs::go_on_with_accepted() {
  std::vector<std::pair<std::string, int>> accepted;
  {
    const std::lock_guard lock(mutex_);
    accepted.swap(accepted_);
  }
  for (const auto& [topic, partition] : accepted) {
    InputPartition* const input = find(topic.c_str(), partition);
    if (input == nullptr || !input->halted) continue;
    InputPartition fresh;
    fresh.input = input->input;
    fresh.topic = topic;
    fresh.partition = partition;
    const Status status =
        kafka::place(fresh, ports_.positions(), {base_, *asker_, readers_, kAskMeanwhile});
    // What the node shows of its positions may be a moment old.
    if (!status.ok() || fresh.generation <= input->generation) {
      if (!status.ok()) base_.say(true, status.error().message);
      const std::lock_guard lock(mutex_);
      accepted_.emplace_back(topic, partition);
      continue;
    }
    base_.say(false, input->about() + " goes on: its loss was accepted");
    no_trouble(*input);
    const std::lock_guard lock(mutex_);
    *input = std::move(fresh);
  }
}

InputPartition* Inputs::find(const char* topic, int partition) {
  for (InputPartition& each : partitions_) {
    if (each.partition == partition && each.topic == topic) return &each;
  }
  return nullptr;
}

Status Inputs::begin() {
  auto consumer = Client::make(RD_KAFKA_CONSUMER, base_, kafka::input_settings(base_), 0);
  if (!consumer.ok()) return consumer.error();
  consumer_ = std::move(*consumer);
  group_offsets_.emplace(base_, *consumer_);
  auto asker = Client::make(RD_KAFKA_CONSUMER, base_, kafka::consumer_settings(base_, false), 0);
  if (!asker.ok()) return asker.error();
  asker_ = std::move(*asker);
  if (Status status = find_partitions(kAskWithin); !status.ok()) return status;
  assign();
  ends_.emplace(base_, *consumer_, mutex_, partitions_);
  thread_ = std::thread([this] { run(); });
  return {};
}

// Those that are new, each with where it goes on.
Status Inputs::find_partitions(Milliseconds within) {
  const Deadline deadline(within);
  const std::vector<runtime::Positions> durable = ports_.positions();
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    const std::string& topic = inputs_[input].topic;
    const auto shape = kafka::shape_of(*asker_, topic, deadline);
    if (!shape.ok()) return shape.error();
    if (shape->partitions == 0) {
      return Error{ErrorCode::kNotFound, "the input topic " + topic +
                                             " is not there: make it, or "
                                             "take it out of the configuration"};
    }
    for (int partition = 0; partition < shape->partitions; ++partition) {
      if (find(topic.c_str(), partition) != nullptr) continue;
      InputPartition found;
      found.input = input;
      found.topic = topic;
      found.partition = partition;
      if (Status status = kafka::place(found, durable, {base_, *asker_, readers_, within});
          !status.ok()) {
        return status;
      }
      const std::lock_guard lock(mutex_);
      partitions_.push_back(std::move(found));
    }
  }
  return {};
}

void Inputs::assign() {
  const kafka::Partitions list(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions_.size())));
  for (InputPartition& each : partitions_) {
    each.assigned = each.to_read();
    if (!each.assigned) continue;
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
        each.next;
  }
  if (const auto code = rd_kafka_assign(consumer_->get(), list.get());
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    base_.say(true, "the inputs cannot be read: " + kafka::text_of(code));
  }
  const Deadline deadline(kNudgeAllWithin);
  for (const KafkaInput& input : inputs_) kafka::nudge(*consumer_, input.topic, deadline);
}

void Inputs::collect(const rd_kafka_message_t& message) {
  const char* const topic = rd_kafka_topic_name(message.rkt);
  InputPartition* const from = find(topic, message.partition);
  if (from == nullptr || from->halted || !from->assigned) return;
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    no_trouble(*from);
    const std::lock_guard lock(mutex_);
    from->passed = message.offset;
    from->end = std::max(from->end, message.offset);
    return;
  }
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
      message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
    const std::lock_guard lock(mutex_);
    kafka::halt(base_, *from, "offset " + std::to_string(from->next) + " is not there any more");
    return;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    tell_trouble(*from, message.err);
    return;
  }
  no_trouble(*from);
  // After an assignment what was fetched before may come again.
  if (message.offset < from->next) return;
  const std::lock_guard lock(mutex_);
  from->collect(kafka::record_of(message));
  ++collected_records_;
  collected_bytes_ += from->collected.back().bytes.size();
}

// Until a record or an end comes of it. The client says it once.
void Inputs::tell_trouble(InputPartition& from, rd_kafka_resp_err_t code) {
  const Error error = kafka::refused_or_away(from.about(), code, {"Read", "topic", from.topic});
  base_.say(true, error.message);
  base_.trouble(from.about(), error.message);
  from.in_trouble = true;
}

void Inputs::no_trouble(InputPartition& from) {
  if (std::exchange(from.in_trouble, false)) base_.no_trouble(from.about());
}

kafka::InputProofs::Ports Inputs::proof_ports() {
  return {
      [this](const InputPartition& input, const kafka::InputPosition& read, Milliseconds within) {
        return kafka::look(input, read, {base_, *asker_, readers_, within});
      },
      [] { return Clock::now(); }, [this] { return stopped(); }};
}

// False: it is to be stopped.
bool Inputs::submit_collected() {
  for (InputPartition& each : partitions_) {
    if (each.collected.empty()) continue;
    auto times = std::exchange(each.times, {});
    const auto submission = each.take_collected();
    submission->done = [handed_in = each.time.hand_in(), durable = ports_.durable,
                        times = std::move(times)](const runtime::Submission& done) mutable {
      if (kafka::all_durable(done)) {
        for (const auto& [appended_us, records] : times) durable(appended_us, records);
      }
      handed_in.reset();
    };
    for (;;) {
      const Status status = ports_.submit(submission, inputs_[each.input].decoder());
      if (status.ok()) break;
      if (stopped(kAgain)) return false;
      // A node that has failed or stops takes no more; what was not handled is read again.
      if (status.error().code != ErrorCode::kOverloaded && stopped(Milliseconds(200))) return false;
    }
  }
  collected_records_ = 0;
  collected_bytes_ = 0;
  return true;
}

// All are told of one: not oftener than anybody looks.
void Inputs::tell_times(Clock::time_point now) {
  if (now - times_at_ < kTellTimes) return;
  times_at_ = now;
  runtime::InputTimes times;
  {
    const std::lock_guard lock(mutex_);
    times = kafka::times_of(partitions_);
  }
  if (times == times_) return;
  times_ = times;
  ports_.times(std::move(times));
}

// From what brokers answered last: a reader of committed records sees nothing behind an open one.
void Inputs::hear_of_ends() {
  for (InputPartition& each : partitions_) {
    if (each.halted) continue;
    std::int64_t first = 0;
    std::int64_t end = 0;
    const char* const topic = each.topic.c_str();
    if (rd_kafka_get_watermark_offsets(consumer_->get(), topic, each.partition, &first, &end) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue;
    }
    const std::lock_guard lock(mutex_);
    each.end = std::max(each.end, end);
  }
}

void Inputs::look_for_partitions() {
  if (const Status status = find_partitions(kAskMeanwhile); !status.ok()) {
    base_.say(true, status.error().message);
    base_.trouble(kInputs, status.error().message);
  } else {
    base_.no_trouble(kInputs);
  }
  // One that was in trouble at its end, and is not any more, says nothing until it is read anew.
  bool again = false;
  for (InputPartition& each : partitions_) {
    if (each.halted) no_trouble(each);
    again = again || (each.in_trouble && each.assigned);
  }
  if (again) assign();
}

void Inputs::run() {
  auto offsets_at = Clock::now();
  auto ends_at = Clock::now();
  auto looked_at = Clock::now();
  while (!stopped()) {
    int wait = static_cast<int>(kFirstWait.count());
    while (collected_records_ < kBatchRecords && collected_bytes_ < kBatchBytes) {
      const kafka::Message message(rd_kafka_consumer_poll(consumer_->get(), wait));
      if (message == nullptr) break;
      if (message->rkt != nullptr) {
        collect(*message);
      } else if (kafka::lacks_right(message->err)) {
        group_offsets_->say(message->err);
      }
      wait = 0;  // what is there goes at once
    }
    const bool reassign = proofs_.round(partitions_);
    if (!submit_collected()) return;
    if (reassign) assign();
    go_on_with_accepted();
    group_offsets_->hear();
    const auto now = Clock::now();
    tell_times(now);
    if (now - ends_at > kHearOfEnds) {
      ends_at = now;
      hear_of_ends();
    }
    if (now - offsets_at > kGroupOffsets) {
      offsets_at = now;
      group_offsets_->write(partitions_, ports_.positions());
    }
    if (now - looked_at > kLookForPartitions) {
      looked_at = now;
      look_for_partitions();
    }
  }
  group_offsets_->write(partitions_, ports_.positions());
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
