/// Engine: the partitions of KafkaEngine, the queue of commits and the threads that do them.
///
/// Threads    Any. A partition is touched by one thread at a time: who has set `busy`.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cluster_identity.h"
#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/kafka/kafka_engine.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "partition.h"

namespace laurel::adapters::kafka {

inline constexpr Milliseconds kReadWithin{30'000};
inline constexpr Milliseconds kInboxWithin{2'000};  // a partition waits for it, and asks again
inline constexpr Milliseconds kTryAgain{200};

class Engine final : public KafkaEngine {
 public:
  Engine(std::unique_ptr<Common> common, std::unique_ptr<DirectoryLock> lock,
         ClusterIdentity identity)
      : common_(std::move(common)),
        lock_(std::move(lock)),
        identity_(std::move(identity)),
        states_(identity_.partitions) {
    for (runtime::PartitionId id = 0; id < identity_.partitions; ++id) {
      partitions_.push_back(std::make_unique<Partition>(*common_, id));
    }
  }
  ~Engine() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = closing_ = true;
    }
    work_.notify_all();
    settled_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Fences all, then reads what all have committed.
  runtime::Status start();

  const std::string& secret() const override { return identity_.secret; }
  std::uint16_t partitions() const override { return identity_.partitions; }
  runtime::Result<runtime::Recovered> take_over(runtime::PartitionId id) override;
  void commit(std::shared_ptr<const runtime::Commit> commit,
              std::function<void(runtime::Outcome)> done) override;
  runtime::Result<std::optional<std::string>> get(runtime::PartitionId partition,
                                                  runtime::Space space,
                                                  std::string_view key) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return read_row((*store)->store(), partition, space, key, nullptr);
  }
  runtime::Status multi_get(runtime::PartitionId partition, runtime::Space space,
                            const std::vector<std::string_view>& keys,
                            std::vector<std::optional<std::string>>& values) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return read_rows((*store)->store(), partition, space, keys, values);
  }
  runtime::Result<std::unique_ptr<runtime::ReadView>> view(
      runtime::PartitionId partition) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return (*store)->view(*store);
  }
  runtime::Result<std::vector<runtime::InboxEntry>> read_inbox(
      runtime::PartitionId partition, const runtime::Positions& after,
      std::size_t bytes_max) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return common_->inbox->read(partition, after, bytes_max, Deadline(kInboxWithin));
  }
  runtime::Result<std::vector<runtime::TopicRecord>> read_topic(
      std::string_view topic, runtime::PartitionId partition, std::uint64_t from,
      std::size_t records_max) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return common_->outputs->read(topic, partition, from, end_of(topic, partition), records_max,
                                  Deadline(kReadWithin));
  }
  runtime::Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
      std::string_view topic, runtime::PartitionId partition) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    const std::uint64_t end = end_of(topic, partition);
    const auto first = common_->outputs->first(topic, partition, end, Deadline(kReadWithin));
    if (!first.ok()) return first.error();
    return std::pair(*first, end);
  }
  runtime::Result<std::uint64_t> append_catalog(std::string record) override;
  runtime::Result<std::vector<std::string>> read_catalog(std::uint64_t from) const override;
  void close() override;
  KafkaStats stats() const override;

 private:
  struct Pending {
    std::shared_ptr<const runtime::Commit> commit;
    std::function<void(runtime::Outcome)> done;
    runtime::Outcome outcome = runtime::Outcome::kDurable;
  };
  struct State {
    runtime::Epoch epoch = 0;  ///< of this engine's ownership; 0: none
    bool busy = false;         ///< a commit or a take-over of it is under way
    bool failed = false;       ///< its snapshot cannot be written
  };

  runtime::Result<std::shared_ptr<const PartitionStore>> readable(
      runtime::PartitionId partition) const;
  std::uint64_t end_of(std::string_view topic, runtime::PartitionId partition) const {
    const auto ends = partitions_[partition]->record().topic_ends;
    const auto found = ends.find(topic);
    return found == ends.end() ? 0 : found->second;
  }
  runtime::Status all(const std::function<runtime::Status(Partition&)>& work);
  StoreOptions store_options(runtime::PartitionId id) const;
  void run_commits();
  std::deque<Pending>::iterator ready_locked();
  runtime::Outcome admit_locked(const runtime::Commit& commit) const;
  bool pause(Milliseconds time);

  const std::unique_ptr<Common> common_;
  std::unique_ptr<DirectoryLock> lock_;  ///< nothing after close()
  const ClusterIdentity identity_;
  std::shared_ptr<StoreCache> cache_;
  std::vector<std::unique_ptr<Partition>> partitions_;

  mutable std::mutex mutex_;
  std::condition_variable work_;     ///< for the commit threads
  std::condition_variable settled_;  ///< for close() and take_over()
  std::deque<Pending> queue_;
  std::vector<State> states_;
  unsigned under_way_ = 0;
  bool closing_ = false;
  bool closed_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace laurel::adapters::kafka
