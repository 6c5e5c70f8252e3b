#include "input_ends.h"

#include <chrono>
#include <utility>

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

InputEnds::InputEnds(const ClientBase& base, Client& consumer, Ports ports)
    : base_(base), consumer_(consumer), ports_(std::move(ports)), answered_at_(Clock::now()) {
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
  const std::vector<Place> places = ports_.places();
  if (places.empty()) return true;
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(places.size())));
  for (const Place& each : places) {
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
        RD_KAFKA_OFFSET_END;
  }
  if (rd_kafka_offsets_for_times(consumer_.get(), list.get(), static_cast<int>(kWithin.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  bool all = true;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& answer = list->elems[i];
    if (answer.err == RD_KAFKA_RESP_ERR_NO_ERROR && answer.offset >= 0) {
      ports_.tell({answer.topic, answer.partition}, answer.offset, asked_us);
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
