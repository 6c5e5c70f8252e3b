/// EngineDriver: commits to one partition of any engine, one after the other, waiting for each.
#pragma once

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/runtime/engine.h"
#include "laurel/runtime/topics.h"

namespace laurel::testing {

/// A copy that lives as long as the process: what a test puts into a commit is in no commit's
/// bytes.
inline std::string_view kept(std::string text) {
  static std::mutex mutex;
  static std::deque<std::string> all;
  const std::lock_guard lock(mutex);
  return all.emplace_back(std::move(text));
}

inline runtime::Row put(std::string key, std::string value,
                        runtime::Space space = runtime::Space::kState) {
  return {space, kept(std::move(key)), kept(std::move(value))};
}
inline runtime::Row erase(std::string key, runtime::Space space = runtime::Space::kState) {
  return {space, kept(std::move(key)), std::nullopt};
}
inline runtime::Output output(std::string key, std::string value,
                              std::string_view topic = runtime::kTopicBalances) {
  return {topic, kept(std::move(key)), "test.output.v1", kept(std::move(value)),
          1'700'000'000'000'000};
}

/// Hands a commit in; the outcome comes later.
inline std::future<runtime::Outcome> start(runtime::Engine& engine, runtime::Commit commit) {
  std::sort(commit.rows.begin(), commit.rows.end(), [](const auto& a, const auto& b) {
    return std::pair(a.space, std::string_view(a.key)) <
           std::pair(b.space, std::string_view(b.key));
  });
  auto promise = std::make_shared<std::promise<runtime::Outcome>>();
  auto outcome = promise->get_future();
  engine.commit(std::make_shared<const runtime::Commit>(std::move(commit)),
                [promise](runtime::Outcome value) { promise->set_value(value); });
  return outcome;
}

class EngineDriver {
 public:
  EngineDriver(runtime::Engine& engine, runtime::PartitionId partition)
      : engine_(engine), partition_(partition) {}

  /// REQUIRES: the engine lets itself be taken over.
  runtime::Recovered take_over() {
    auto recovered = engine_.take_over(partition_);
    LAUREL_ASSERT(recovered.ok());
    epoch_ = recovered->epoch;
    number_ = recovered->last_commit;
    return *recovered;
  }

  /// The next commit, with nothing in it.
  runtime::Commit next() const {
    return {.partition = partition_, .number = number_ + 1, .epoch = epoch_};
  }
  runtime::Outcome commit(runtime::Commit commit) {
    const runtime::Outcome outcome = start(engine_, std::move(commit)).get();
    if (outcome == runtime::Outcome::kDurable) ++number_;
    return outcome;
  }
  runtime::Outcome commit(std::vector<runtime::Row> rows,
                          std::vector<runtime::Output> outputs = {}) {
    runtime::Commit next_commit = next();
    next_commit.rows = std::move(rows);
    next_commit.outputs = std::move(outputs);
    return commit(std::move(next_commit));
  }

  /// Latest durable value; nothing also for an error.
  std::optional<std::string> get(std::string_view key,
                                 runtime::Space space = runtime::Space::kState) const {
    auto value = engine_.get(partition_, space, key);
    return value.ok() ? *value : std::nullopt;
  }
  /// Values of a topic from an offset on.
  std::vector<std::string> topic(std::string_view name, std::uint64_t from = 0,
                                 std::size_t records_max = 1'000'000) const {
    std::vector<std::string> values;
    const auto records = engine_.read_topic(name, partition_, from, records_max);
    LAUREL_ASSERT(records.ok());
    for (const runtime::TopicRecord& record : *records) values.push_back(record.record.value);
    return values;
  }

  runtime::CommitNumber number() const { return number_; }
  runtime::Epoch epoch() const { return epoch_; }

 private:
  runtime::Engine& engine_;
  const runtime::PartitionId partition_;
  runtime::Epoch epoch_ = 0;
  runtime::CommitNumber number_ = 0;
};

}  // namespace laurel::testing
