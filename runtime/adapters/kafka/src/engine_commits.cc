// Take-overs and commits: whose turn it is, and what becomes of a broker that is away.
#include <algorithm>
#include <utility>

#include "engine.h"
#include "laurel/runtime/failpoint.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Commit;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Outcome;
using runtime::PartitionId;
using runtime::Result;

constexpr Milliseconds kTryRefusedAgain{5'000};

}  // namespace

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
    const std::string what = recovered.error().message + "; it is tried again";
    common_->base.say(true, what);
    common_->base.trouble("partition " + std::to_string(id), what);
    const bool away = recovered.error().code == ErrorCode::kUnavailable;
    if (!pause(away ? kTryAgain : kTryRefusedAgain)) break;
    recovered = partitions_[id]->own(Deadline(common_->base.options.transaction_timeout));
  }
  if (recovered.ok()) common_->base.no_trouble("partition " + std::to_string(id));
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
      Partition& partition = *partitions_[pending.commit->partition];
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

}  // namespace laurel::adapters::kafka
