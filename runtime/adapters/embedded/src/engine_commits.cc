#include <algorithm>
#include <chrono>
#include <utility>

#include "catalog_log.h"
#include "engine.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/failpoint.h"

namespace laurel::adapters::internal {

using runtime::Commit;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Outcome;
using runtime::PartitionId;
using runtime::Result;
using runtime::Status;

namespace {

constexpr std::chrono::seconds kHighWaterSyncInterval{1};

using Clock = std::chrono::steady_clock;

std::uint64_t micros_between(Clock::time_point from, Clock::time_point to) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(to - from).count());
}

}  // namespace

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
  put_commit_record(*open, batch, id, next);
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

}  // namespace laurel::adapters::internal
