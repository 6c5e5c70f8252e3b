#include "laurel/adapters/embedded/embedded_engine.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#include "catalog_log.h"
#include "group_commit.h"
#include "inbox_index.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/failpoint.h"
#include "open_store.h"
#include "read_side.h"

namespace laurel::adapters {
namespace {

using internal::CommitRecord;
using internal::GroupCommit;
using internal::GroupMember;
using internal::OpenStore;
using runtime::Commit;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Outcome;
using runtime::PartitionId;
using runtime::Result;
using runtime::Status;

constexpr std::chrono::seconds kHighWaterSyncInterval{1};

using Clock = std::chrono::steady_clock;

std::uint64_t micros_between(Clock::time_point from, Clock::time_point to) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(to - from).count());
}

class Engine final : public EmbeddedEngine {
 public:
  Engine(EmbeddedOptions options, std::shared_ptr<OpenStore> open,
         std::unique_ptr<internal::InboxIndex> inbox)
      : options_(std::move(options)),
        identity_(open->identity),
        open_(std::move(open)),
        partitions_(identity_.partitions),
        inbox_(std::move(inbox)) {
    for (PartitionId i = 0; i < identity_.partitions; ++i) {
      partitions_[i].record = std::move(open_->records[i]);
    }
    for (unsigned i = 0; i < options_.commit_threads; ++i) {
      threads_.emplace_back([this] { run_commits(); });
      ::pthread_setname_np(threads_.back().native_handle(), "laurel-commit");  // for profiles
    }
    if (!options_.read_only) threads_.emplace_back([this] { run_syncs(); });
  }

  ~Engine() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    stop_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  const std::string& secret() const override { return identity_.secret; }
  std::uint16_t partitions() const override { return identity_.partitions; }
  const std::string& node_uuid() const override { return identity_.uuid; }

  Result<runtime::Recovered> take_over(PartitionId partition) override;
  void commit(std::shared_ptr<const Commit> commit, std::function<void(Outcome)> done) override;
  void close() override;

  Result<std::optional<std::string>> get(PartitionId partition, runtime::Space space,
                                         std::string_view key) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return read_row(*(*open)->store, partition, space, key, nullptr);
  }
  Status multi_get(PartitionId partition, runtime::Space space,
                   const std::vector<std::string_view>& keys,
                   std::vector<std::optional<std::string>>& values) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return read_rows(*(*open)->store, partition, space, keys, values);
  }
  Result<std::unique_ptr<runtime::ReadView>> view(PartitionId partition) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return internal::make_view(*open, partition);
  }
  Result<std::vector<runtime::InboxEntry>> read_inbox(PartitionId partition,
                                                      const runtime::Positions& after,
                                                      std::size_t bytes_max) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return inbox_->read(**open, partition, after, bytes_max);
  }
  Result<std::vector<runtime::TopicRecord>> read_topic(std::string_view topic,
                                                       PartitionId partition, std::uint64_t from,
                                                       std::size_t records_max) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return internal::read_topic(**open, topic, partition, from, records_max);
  }
  Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
      std::string_view topic, PartitionId partition) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return internal::topic_bounds(**open, topic, partition);
  }
  Result<std::uint64_t> append_catalog(std::string record) override;
  Result<std::vector<std::string>> read_catalog(std::uint64_t from) const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return internal::read_catalog(**open, from);
  }
  Status verify() const override {
    const auto open = readable();
    if (!open.ok()) return open.error();
    return (*open)->store->verify_checksums();
  }
  EmbeddedStats stats() const override;

 private:
  struct Pending {
    std::shared_ptr<const Commit> commit;
    std::function<void(Outcome)> done;
    Outcome outcome = Outcome::kDurable;
  };
  struct Partition {
    CommitRecord record;       ///< the last durable one
    bool writing = false;      ///< a commit of it is being written
    bool taking_over = false;  ///< its next epoch is being written
  };

  std::shared_ptr<OpenStore> pinned() const {
    const std::shared_lock lock(open_mutex_);
    return open_;
  }
  Result<std::shared_ptr<OpenStore>> readable() const;
  Error failure_locked() const;
  void fail(const Error& error);

  void run_commits();
  void run_syncs();
  bool has_work_locked() const;
  /// Moves what is queued to `group`, with the outcome of what must not be written.
  void take_locked(std::vector<Pending>& group, std::vector<GroupMember>& members);
  Outcome admit_locked(const Commit& commit) const;
  Status write_group(GroupCommit& writer, std::vector<GroupMember>& members);
  void settle(bool durable, std::vector<GroupMember>& members);

  const EmbeddedOptions options_;
  const internal::Identity identity_;

  mutable std::shared_mutex open_mutex_;
  std::shared_ptr<OpenStore> open_;  ///< nothing after close()

  std::mutex catalog_mutex_;  ///< taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable work_;     ///< for the commit threads
  std::condition_variable settled_;  ///< for close() and take_over()
  std::condition_variable stop_;     ///< for the thread of run_syncs()
  std::deque<Pending> queue_;
  std::vector<Partition> partitions_;
  std::optional<Error> failure_;
  unsigned writers_ = 0;  ///< groups and take-overs not finished yet
  bool closing_ = false;
  bool stopping_ = false;
  EmbeddedStats stats_;
  std::atomic<bool> failed_ = false;  ///< failure_ is set

  const std::unique_ptr<internal::InboxIndex> inbox_;

  std::vector<std::thread> threads_;
};

Result<std::shared_ptr<OpenStore>> Engine::readable() const {
  std::shared_ptr<OpenStore> open = pinned();
  if (open == nullptr) return Error{ErrorCode::kUnavailable, "the engine is closed"};
  if (failed_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(mutex_);
    return failure_locked();
  }
  return open;
}

Error Engine::failure_locked() const {
  return {ErrorCode::kStoreFailed, "an earlier write failed: " + failure_->message};
}

void Engine::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = error;
  failed_.store(true, std::memory_order_release);
}

Result<runtime::Recovered> Engine::take_over(PartitionId id) {
  LAUREL_ASSERT(id < identity_.partitions);
  Partition& partition = partitions_[id];
  CommitRecord next;
  std::shared_ptr<OpenStore> open;
  {
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [&] { return !partition.writing && !partition.taking_over; });
    if (options_.read_only) {
      return Error{ErrorCode::kInvalidInput, "the data directory was opened read-only"};
    }
    if (failure_) return failure_locked();
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
    partition.taking_over = true;
    ++writers_;
    next = partition.record;
    open = pinned();
  }
  ++next.epoch;
  rocksdb::WriteBatch batch;
  internal::put_commit_record(*open, batch, id, next);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status status = open->store->db().Write(synced, &batch);
  open.reset();
  LAUREL_FAILPOINT("embedded.take_over.after_write");
  std::optional<Error> error;
  if (!status.ok()) {
    error = store_error(status, "taking over a partition");
    fail(*error);
  }
  {
    const std::lock_guard lock(mutex_);
    if (!error) partition.record = next;
    partition.taking_over = false;
    --writers_;
  }
  work_.notify_all();
  settled_.notify_all();
  if (error) return *error;
  return runtime::Recovered{next.epoch, next.number, next.positions};
}

Result<std::uint64_t> Engine::append_catalog(std::string record) {
  const std::lock_guard one_at_a_time(catalog_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (options_.read_only) {
      return Error{ErrorCode::kInvalidInput, "the data directory was opened read-only"};
    }
    if (failure_) return failure_locked();
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
    ++writers_;
  }
  auto number = internal::append_catalog(*pinned(), record);
  LAUREL_FAILPOINT("embedded.append_catalog.after_write");
  if (!number.ok()) fail(number.error());
  {
    const std::lock_guard lock(mutex_);
    --writers_;
  }
  settled_.notify_all();
  return number;
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
  if (failure_) return Outcome::kStoreFailed;
  if (options_.read_only) return Outcome::kFenced;
  const Partition& partition = partitions_[commit.partition];
  if (commit.epoch != partition.record.epoch) return Outcome::kFenced;
  LAUREL_ASSERT(!partition.writing);
  LAUREL_ASSERT(commit.number == partition.record.number + 1);
  if (commit_bytes(commit) > options_.commit_bytes_max) return Outcome::kRejected;
  return Outcome::kDurable;
}

// What waits for a take-over stays queued: once that is written it is fenced.
bool Engine::has_work_locked() const {
  return std::any_of(queue_.begin(), queue_.end(), [this](const Pending& pending) {
    return !partitions_[pending.commit->partition].taking_over;
  });
}

void Engine::take_locked(std::vector<Pending>& group, std::vector<GroupMember>& members) {
  std::deque<Pending> left;
  for (Pending& pending : queue_) {
    Partition& partition = partitions_[pending.commit->partition];
    if (partition.taking_over) {
      left.push_back(std::move(pending));
      continue;
    }
    if (pending.outcome == Outcome::kDurable) pending.outcome = admit_locked(*pending.commit);
    if (pending.outcome == Outcome::kDurable) {
      partition.writing = true;
      members.push_back({pending.commit, partition.record});
    }
    group.push_back(std::move(pending));
  }
  queue_ = std::move(left);
}

Status Engine::write_group(GroupCommit& writer, std::vector<GroupMember>& members) {
  const std::shared_ptr<OpenStore> open = pinned();
  const Clock::time_point start = Clock::now();
  writer.encode(*open, members);
  const Clock::time_point encoded = Clock::now();
  LAUREL_FAILPOINT("embedded.commit.before_write");
  if (Status status = writer.write(*open); !status.ok()) return status;
  LAUREL_FAILPOINT("embedded.commit.after_write");
  const Clock::time_point written = Clock::now();

  std::vector<std::pair<PartitionId, runtime::CommitNumber>> numbers;
  for (const GroupMember& member : members) {
    numbers.emplace_back(member.commit->partition, member.commit->number);
  }
  if (Status status = open->high_water->record(numbers); !status.ok()) return status;

  const std::lock_guard lock(mutex_);
  const std::uint64_t write_us = micros_between(encoded, written);
  stats_.groups += 1;
  stats_.commits += members.size();
  stats_.rows += writer.rows();
  stats_.bytes += writer.bytes();
  stats_.encode_us += micros_between(start, encoded);
  stats_.write_us += write_us;
  stats_.write_us_max = std::max(stats_.write_us_max, write_us);
  stats_.group_commits_max = std::max<std::uint64_t>(stats_.group_commits_max, members.size());
  return {};
}

void Engine::settle(bool durable, std::vector<GroupMember>& members) {
  if (durable) {
    // Before another commit of the same partitions can be written: in order.
    for (const GroupMember& member : members) inbox_->note(*member.commit);
  }
  {
    const std::lock_guard lock(mutex_);
    for (GroupMember& member : members) {
      Partition& partition = partitions_[member.commit->partition];
      if (durable) partition.record = std::move(member.record);
      partition.writing = false;
    }
  }
  settled_.notify_all();
}

void Engine::run_commits() {
  GroupCommit writer;
  std::vector<Pending> group;
  std::vector<GroupMember> members;
  for (;;) {
    group.clear();
    members.clear();
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stopping_ || has_work_locked(); });
      if (!has_work_locked()) return;
      take_locked(group, members);
      ++writers_;
    }
    bool durable = true;
    if (!members.empty()) {
      const Status status = write_group(writer, members);
      durable = status.ok();
      if (!durable) fail(status.error());
      settle(durable, members);
      LAUREL_FAILPOINT("embedded.commit.before_done");
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (i > 0) LAUREL_FAILPOINT("embedded.commit.between_done");
      Pending& pending = group[i];
      if (pending.outcome == Outcome::kDurable && !durable) {
        pending.outcome = Outcome::kStoreFailed;
      }
      pending.done(pending.outcome);
    }
    {
      const std::lock_guard lock(mutex_);
      --writers_;
    }
    settled_.notify_all();
  }
}

void Engine::run_syncs() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (stop_.wait_for(lock, kHighWaterSyncInterval, [this] { return stopping_; })) return;
    }
    const std::shared_ptr<OpenStore> open = pinned();
    if (open == nullptr) continue;
    if (const Status status = open->high_water->sync(); !status.ok()) fail(status.error());
  }
}

void Engine::close() {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    settled_.wait(lock, [this] { return queue_.empty() && writers_ == 0; });
  }
  std::shared_ptr<OpenStore> open;
  {
    const std::unique_lock lock(open_mutex_);
    open = std::move(open_);
    open_ = nullptr;
  }
  if (open == nullptr || options_.read_only || failed_.load(std::memory_order_acquire)) return;
  // All of it is durable already: errors here only make the next start longer.
  static_cast<void>(open->store->flush().ok());
  static_cast<void>(open->high_water->sync().ok());
}

EmbeddedStats Engine::stats() const {
  EmbeddedStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats = stats_;
  }
  if (const std::shared_ptr<OpenStore> open = pinned(); open != nullptr) {
    const StoreMemory memory = open->store->memory();
    stats.cache_bytes = memory.cache_bytes;
    stats.memtables_bytes = memory.memtables_bytes;
  }
  return stats;
}

}  // namespace

Result<std::unique_ptr<EmbeddedEngine>> open_embedded(const EmbeddedOptions& options) {
  auto open = internal::open_store(options);
  if (!open.ok()) return open.error();
  auto inbox = std::make_unique<internal::InboxIndex>((*open)->identity.partitions);
  if (const Status status = inbox->load(**open); !status.ok()) return status.error();
  return std::unique_ptr<EmbeddedEngine>(
      std::make_unique<Engine>(options, std::move(*open), std::move(inbox)));
}

}  // namespace laurel::adapters
