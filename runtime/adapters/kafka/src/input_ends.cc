#include "input_ends.h"

#include <chrono>
#include <utility>

#include "input_partition.h"

namespace laurel::adapters::kafka {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kEvery{1000};
constexpr Milliseconds kWithin{3000};
constexpr Milliseconds kTellAfter{5000};
constexpr const char* kTrouble = "the ends of inputs";

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

InputEnds::InputEnds(const ClientBase& base, Client& consumer, std::mutex& mutex,
                     std::vector<InputPartition>& inputs)
    : base_(base),
      consumer_(consumer),
      inputs_mutex_(mutex),
      inputs_(inputs),
      answered_at_(Clock::now()) {
  thread_ = std::thread([this] { run(); });
}

InputEnds::~InputEnds() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void InputEnds::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    answered(ask());
    lock.lock();
    wake_.wait_for(lock, kEvery, [this] { return stopping_; });
  }
}

// Whether all were answered.
bool InputEnds::ask() {
  const std::int64_t asked_us = wall_us();
  const Partitions list(rd_kafka_topic_partition_list_new(0));
  {
    const std::lock_guard lock(inputs_mutex_);
    for (const InputPartition& each : inputs_) {
      if (each.halted) continue;
      rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
          RD_KAFKA_OFFSET_END;
    }
  }
  if (list->cnt == 0) return true;
  if (rd_kafka_offsets_for_times(consumer_.get(), list.get(), static_cast<int>(kWithin.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  bool all = true;
  const std::lock_guard lock(inputs_mutex_);
  for (InputPartition& each : inputs_) {
    if (each.halted) continue;
    const auto* const answer =
        rd_kafka_topic_partition_list_find(list.get(), each.topic.c_str(), each.partition);
    if (answer == nullptr) continue;  // it is new
    if (answer->err == RD_KAFKA_RESP_ERR_NO_ERROR && answer->offset >= 0) {
      each.time.ends_at(answer->offset, asked_us);
    } else {
      all = false;
    }
  }
  return all;
}

void InputEnds::answered(bool all) {
  const Clock::time_point now = Clock::now();
  if (all) {
    answered_at_ = now;
    if (std::exchange(in_trouble_, false)) base_.no_trouble(kTrouble);
  } else if (!in_trouble_ && now - answered_at_ >= kTellAfter) {
    in_trouble_ = true;
    const std::string text =
        "brokers do not say where inputs end: runs of tournaments stay open until they do";
    base_.say(true, text);
    base_.trouble(kTrouble, text);
  }
}

}  // namespace laurel::adapters::kafka
