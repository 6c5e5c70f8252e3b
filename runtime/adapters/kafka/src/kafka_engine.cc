#include "laurel/adapters/kafka/kafka_engine.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "cluster_identity.h"
#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "laurel/runtime/failpoint.h"
#include "link.h"
#include "partition.h"
#include "topics.h"

namespace laurel::adapters {
namespace {

using kafka::Common;
using kafka::Deadline;
using kafka::Milliseconds;
using kafka::PartitionStore;
using runtime::Commit;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Outcome;
using runtime::PartitionId;
using runtime::Result;
using runtime::Status;

constexpr Milliseconds kReadWithin{30'000};
constexpr Milliseconds kInboxWithin{2'000};  // a partition waits for it, and asks again
constexpr Milliseconds kTryAgain{200};
constexpr Milliseconds kTryRefusedAgain{5'000};
constexpr unsigned kOpenThreads = 32;
constexpr std::uint16_t kPartitionsMax = 512;
constexpr std::size_t kClusterNameMax = 64;
constexpr int kOpenFilesMin = 64;  // of each snapshot

class Engine final : public KafkaEngine {
 public:
  Engine(std::unique_ptr<Common> common, std::unique_ptr<DirectoryLock> lock,
         kafka::ClusterIdentity identity)
      : common_(std::move(common)),
        lock_(std::move(lock)),
        identity_(std::move(identity)),
        states_(identity_.partitions) {
    for (PartitionId id = 0; id < identity_.partitions; ++id) {
      partitions_.push_back(std::make_unique<kafka::Partition>(*common_, id));
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
  Status start();

  const std::string& secret() const override { return identity_.secret; }
  std::uint16_t partitions() const override { return identity_.partitions; }
  Result<runtime::Recovered> take_over(PartitionId id) override;
  void commit(std::shared_ptr<const Commit> commit, std::function<void(Outcome)> done) override;
  Result<std::optional<std::string>> get(PartitionId partition, runtime::Space space,
                                         std::string_view key) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return read_row((*store)->store(), partition, space, key, nullptr);
  }
  Status multi_get(PartitionId partition, runtime::Space space,
                   const std::vector<std::string_view>& keys,
                   std::vector<std::optional<std::string>>& values) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return read_rows((*store)->store(), partition, space, keys, values);
  }
  Result<std::unique_ptr<runtime::ReadView>> view(PartitionId partition) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return (*store)->view(*store);
  }
  Result<std::vector<runtime::InboxEntry>> read_inbox(PartitionId partition,
                                                      const runtime::Positions& after,
                                                      std::size_t bytes_max) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return common_->inbox->read(partition, after, bytes_max, Deadline(kInboxWithin));
  }
  Result<std::vector<runtime::TopicRecord>> read_topic(std::string_view topic,
                                                       PartitionId partition, std::uint64_t from,
                                                       std::size_t records_max) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    return common_->outputs->read(topic, partition, from, end_of(topic, partition), records_max,
                                  Deadline(kReadWithin));
  }
  Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
      std::string_view topic, PartitionId partition) const override {
    const auto store = readable(partition);
    if (!store.ok()) return store.error();
    const std::uint64_t end = end_of(topic, partition);
    const auto first = common_->outputs->first(topic, partition, end, Deadline(kReadWithin));
    if (!first.ok()) return first.error();
    return std::pair(*first, end);
  }
  Result<std::uint64_t> append_catalog(std::string record) override;
  Result<std::vector<std::string>> read_catalog(std::uint64_t from) const override;
  void close() override;
  KafkaStats stats() const override;

 private:
  struct Pending {
    std::shared_ptr<const Commit> commit;
    std::function<void(Outcome)> done;
    Outcome outcome = Outcome::kDurable;
  };
  struct State {
    runtime::Epoch epoch = 0;  ///< of this engine's ownership; 0: none
    bool busy = false;         ///< a commit or a take-over of it is under way
    bool failed = false;       ///< its snapshot cannot be written
  };

  Result<std::shared_ptr<const PartitionStore>> readable(PartitionId partition) const;
  std::uint64_t end_of(std::string_view topic, PartitionId partition) const {
    const auto ends = partitions_[partition]->record().topic_ends;
    const auto found = ends.find(topic);
    return found == ends.end() ? 0 : found->second;
  }
  Status all(const std::function<Status(kafka::Partition&)>& work);
  StoreOptions store_options(PartitionId id) const;
  void run_commits();
  std::deque<Pending>::iterator ready_locked();
  Outcome admit_locked(const Commit& commit) const;
  bool pause(Milliseconds time);

  const std::unique_ptr<Common> common_;
  std::unique_ptr<DirectoryLock> lock_;  ///< nothing after close()
  const kafka::ClusterIdentity identity_;
  std::shared_ptr<StoreCache> cache_;
  std::vector<std::unique_ptr<kafka::Partition>> partitions_;

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

// All partitions at once: most of each is waiting for a broker.
Status Engine::all(const std::function<Status(kafka::Partition&)>& work) {
  std::mutex mutex;
  std::size_t next = 0;
  Status first;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::min<std::size_t>(kOpenThreads, partitions_.size()); ++i) {
    threads.emplace_back([&] {
      for (;;) {
        std::size_t at = 0;
        {
          const std::lock_guard lock(mutex);
          if (next == partitions_.size() || !first.ok()) return;
          at = next++;
        }
        const Status status = work(*partitions_[at]);
        const std::lock_guard lock(mutex);
        if (!status.ok() && first.ok()) first = status;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return first;
}

StoreOptions Engine::store_options(PartitionId id) const {
  StoreOptions out = common_->base.options.store;
  std::array<char, 8> name{};
  std::snprintf(name.data(), name.size(), "p%03u", static_cast<unsigned>(id));
  out.path = common_->base.options.data_dir + "/" + name.data();
  out.create = true;
  out.cache = cache_;
  const auto share = static_cast<std::uint64_t>(identity_.partitions);
  out.wal_bytes_max = std::max<std::uint64_t>(out.wal_bytes_max / share, 16U << 20);
  out.open_files_max = std::max(out.open_files_max / identity_.partitions, kOpenFilesMin);
  return out;
}

Status Engine::start() {
  const Deadline deadline(common_->base.options.transaction_timeout * 2);
  auto cache = StoreCache::make(common_->base.options.store);
  if (!cache.ok()) return cache.error();
  cache_ = std::move(*cache);
  Status status = all([&](kafka::Partition& each) { return each.open(store_options(each.id())); });
  if (!status.ok()) return status;
  // What an owner before left open hides what others sent: all are fenced before an inbox is read.
  status = all([&](kafka::Partition& each) {
    for (;;) {
      Status made = each.make_ready(deadline);
      // Two that start at once fence each other until one has written that it owns it.
      const bool again = !made.ok() && made.error().code == ErrorCode::kUnavailable;
      if (!again || deadline.passed()) return made;
      std::this_thread::sleep_for(kTryAgain);
    }
  });
  if (!status.ok()) return status;
  LAUREL_FAILPOINT("kafka.open.after_fence");
  status = all([&](kafka::Partition& each) { return each.load_inbox(deadline); });
  if (!status.ok()) return status;
  for (unsigned i = 0; i < common_->base.options.commit_threads; ++i) {
    threads_.emplace_back([this] { run_commits(); });
    ::pthread_setname_np(threads_.back().native_handle(), "laurel-commit");  // for profiles
  }
  return {};
}

Result<std::shared_ptr<const PartitionStore>> Engine::readable(PartitionId partition) const {
  LAUREL_ASSERT(partition < identity_.partitions);
  auto store = partitions_[partition]->store();
  if (store == nullptr) return Error{ErrorCode::kUnavailable, "the engine is closed"};
  return store;
}

/// False: the engine closes.
bool Engine::pause(Milliseconds time) {
  std::unique_lock lock(mutex_);
  return !settled_.wait_for(lock, time, [this] { return closing_; });
}

Result<runtime::Recovered> Engine::take_over(PartitionId id) {
  LAUREL_ASSERT(id < identity_.partitions);
  State& state = states_[id];
  {
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [&] { return !state.busy || closed_; });
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
    if (state.failed) {
      return Error{ErrorCode::kStoreFailed, "the snapshot of partition " + std::to_string(id) +
                                                " could not be written: see the disk"};
    }
    state.busy = true;
    ++under_way_;
  }
  auto recovered = partitions_[id]->own(Deadline(common_->base.options.transaction_timeout));
  // A broker that is away is waited for: it takes the inputs with it, so nothing is late for it. A
  // right that was taken away may be given back: that, too, but not in a hurry.
  while (!recovered.ok() && (recovered.error().code == ErrorCode::kUnavailable ||
                             recovered.error().code == ErrorCode::kConfigInvalid)) {
    common_->base.say(true, recovered.error().message + "; it is tried again");
    const bool away = recovered.error().code == ErrorCode::kUnavailable;
    if (!pause(away ? kTryAgain : kTryRefusedAgain)) break;
    recovered = partitions_[id]->own(Deadline(common_->base.options.transaction_timeout));
  }
  {
    const std::lock_guard lock(mutex_);
    state.busy = false;
    state.epoch = recovered.ok() ? recovered->epoch : 0;
    --under_way_;
  }
  work_.notify_all();
  settled_.notify_all();
  return recovered;
}

void Engine::commit(std::shared_ptr<const Commit> commit, std::function<void(Outcome)> done) {
  LAUREL_ASSERT(commit->partition < identity_.partitions);
  {
    const std::lock_guard lock(mutex_);
    const Outcome outcome = closing_ ? Outcome::kFenced : Outcome::kDurable;
    queue_.push_back({std::move(commit), std::move(done), outcome});
  }
  work_.notify_one();
}

Outcome Engine::admit_locked(const Commit& commit) const {
  const State& state = states_[commit.partition];
  if (state.failed) return Outcome::kStoreFailed;
  if (commit.epoch != state.epoch) return Outcome::kFenced;
  if (commit_bytes(commit) > common_->base.options.commit_bytes_max) return Outcome::kRejected;
  return Outcome::kDurable;
}

// The first whose partition is free; what waits for a take-over stays queued until it is fenced.
std::deque<Engine::Pending>::iterator Engine::ready_locked() {
  return std::find_if(queue_.begin(), queue_.end(), [this](const Pending& pending) {
    return !states_[pending.commit->partition].busy;
  });
}

void Engine::run_commits() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || ready_locked() != queue_.end(); });
    const auto ready = ready_locked();
    if (ready == queue_.end()) return;
    Pending pending = std::move(*ready);
    queue_.erase(ready);
    State& state = states_[pending.commit->partition];
    if (pending.outcome == Outcome::kDurable) pending.outcome = admit_locked(*pending.commit);
    ++under_way_;
    if (pending.outcome == Outcome::kDurable) {
      kafka::Partition& partition = *partitions_[pending.commit->partition];
      LAUREL_ASSERT(pending.commit->number == partition.record().number + 1);
      state.busy = true;
      lock.unlock();
      pending.outcome = partition.commit(pending.commit);
      LAUREL_FAILPOINT("kafka.commit.before_done");
      lock.lock();
      state.busy = false;
      if (pending.outcome == Outcome::kFenced) state.epoch = 0;
      if (pending.outcome == Outcome::kStoreFailed) state.failed = true;
    }
    lock.unlock();
    work_.notify_one();
    settled_.notify_all();
    pending.done(pending.outcome);
    lock.lock();
    --under_way_;
    settled_.notify_all();
  }
}

Result<std::uint64_t> Engine::append_catalog(std::string record) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
    ++under_way_;
  }
  auto offset = kafka::append(common_->base, kafka::topic_name(common_->base, kafka::kCatalogTopic),
                              "", record, Deadline(kReadWithin));
  if (!offset.ok()) {
    // It may be in the log all the same: nothing is said before that is looked at.
    const auto known = read_catalog(0);
    if (known.ok() && !known->empty() && known->back() == record) {
      offset = static_cast<std::int64_t>(known->size()) - 1;
    }
  }
  LAUREL_FAILPOINT("kafka.append_catalog.after_write");
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
  }
  settled_.notify_all();
  if (!offset.ok()) return offset.error();
  return static_cast<std::uint64_t>(*offset) + 1;
}

Result<std::vector<std::string>> Engine::read_catalog(std::uint64_t from) const {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
  }
  std::vector<std::string> records;
  const Deadline deadline(kReadWithin);
  const std::string topic = kafka::topic_name(common_->base, kafka::kCatalogTopic);
  const auto offsets = kafka::offsets_of(*common_->asker, topic, 0, deadline);
  if (!offsets.ok()) return offsets.error();
  const auto start = static_cast<std::int64_t>(from == 0 ? 0 : from - 1);
  const Status status = common_->readers.read(topic, 0, start, offsets->second, deadline,
                                              [&](const kafka::LogRecord& record) {
                                                records.emplace_back(record.value.value_or(""));
                                                return true;
                                              });
  if (!status.ok()) return status.error();
  return records;
}

void Engine::close() {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    settled_.notify_all();
    settled_.wait(lock, [this] { return queue_.empty() && under_way_ == 0; });
    if (closed_) return;
    closed_ = true;
  }
  settled_.notify_all();
  for (const auto& partition : partitions_) partition->close();
  // A view that is still held keeps its files open, and writes none.
  lock_.reset();
}

KafkaStats Engine::stats() const {
  const kafka::Counters& counters = common_->counters;
  KafkaStats out;
  out.transactions = counters.transactions;
  out.failed = counters.failed;
  out.fenced = counters.fenced;
  out.producers = counters.producers;
  out.records = counters.records;
  out.bytes = counters.bytes;
  out.produce_us = counters.produce_us;
  out.end_us = counters.end_us;
  out.store_us = counters.store_us;
  out.replayed = counters.replayed;
  out.replayed_rows = counters.replayed_rows;
  const StoreMemory memory = cache_->memory();
  out.cache_bytes = memory.cache_bytes;
  out.memtables_bytes = memory.memtables_bytes;
  return out;
}

Status check_options(const KafkaOptions& options) {
  const auto invalid = [](std::string message) {
    return Error{ErrorCode::kConfigInvalid, std::move(message)};
  };
  if (options.bootstrap.empty()) return invalid("no address of a Kafka broker is given");
  if (options.data_dir.empty()) return invalid("data_dir is empty");
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (options.cluster.empty() || options.cluster.size() > kClusterNameMax ||
      !std::all_of(options.cluster.begin(), options.cluster.end(), fits)) {
    return invalid("the cluster's name is \"" + options.cluster +
                   "\"; 1 to 64 of A-Z, a-z, 0-9, _ and - are allowed");
  }
  if (options.partitions > kPartitionsMax) {
    return invalid("partitions is " + std::to_string(options.partitions) + ", at most " +
                   std::to_string(kPartitionsMax));
  }
  if (options.commit_threads < 1 || options.commit_threads > 64) {
    return invalid("commit_threads is " + std::to_string(options.commit_threads) +
                   ", from 1 to 64 are allowed");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<KafkaEngine>> open_kafka(const KafkaOptions& options) {
  if (Status status = check_options(options); !status.ok()) return status.error();
  if (Status status = make_directories(options.data_dir); !status.ok()) return status.error();
  auto lock = DirectoryLock::acquire(options.data_dir + "/LOCK", false);
  if (!lock.ok()) return lock.error();
  auto common = std::make_unique<Common>(options);
  auto asker = kafka::Client::make(RD_KAFKA_CONSUMER, common->base,
                                   kafka::consumer_settings(common->base, false), 0);
  if (!asker.ok()) return asker.error();
  common->asker = std::move(*asker);
  const Deadline deadline(options.transaction_timeout);
  if (Status status = kafka::check_link(common->base, deadline); !status.ok()) {
    return status.error();
  }
  auto identity = kafka::find_identity(common->base, *common->asker, common->readers, deadline);
  if (!identity.ok()) return identity.error();
  if (Status status = kafka::check_folder(options.data_dir, *identity); !status.ok()) {
    return status.error();
  }
  Status made = kafka::make_topics(common->base, *common->asker, kafka::declared_topics(),
                                   identity->partitions, deadline);
  if (!made.ok()) return made.error();
  common->inbox =
      std::make_unique<kafka::InboxLog>(common->base, identity->partitions, common->readers);
  common->pruner =
      std::make_unique<kafka::InboxPruner>(common->base, *common->asker, identity->partitions);
  common->outputs =
      std::make_unique<kafka::OutputTopics>(common->base, *common->asker, common->readers);
  auto engine = std::make_unique<Engine>(std::move(common), std::move(*lock), std::move(*identity));
  if (Status status = engine->start(); !status.ok()) return status.error();
  return std::unique_ptr<KafkaEngine>(std::move(engine));
}

}  // namespace laurel::adapters
