#include "partition_actor.h"

namespace laurel::adapters::internal {
namespace {

constexpr const char* kTakenOver = "another owner has taken the partition over";

std::int64_t wall_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

PartitionActor::PartitionActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                               runtime::PartitionId id, const runtime::Recovered& recovered)
    : caf::event_based_actor(config),
      shared_(std::move(shared)),
      id_(id),
      partition_(id, {shared_->engine, shared_->registry, shared_->hasher, shared_->options.boards},
                 shared_->catalog, shared_->options.partition) {
  partition_.start(recovered);
  show_positions();
  publish("running");
}

caf::behavior PartitionActor::make_behavior() {
  survive_strangers(*this);
  return {
      [this](BatchPtr& batch) { guarded([&] { take(std::move(batch)); }); },
      [this](const CatalogPtr& catalog) {
        guarded([&] {
          partition_.adopt(catalog);
          step();
        });
      },
      [this](const CommitDone& outcome) { guarded([&] { done(outcome); }); },
      [this](Peers& peers) {
        peers_ = std::move(peers.partitions);
        clock_ = std::move(peers.clock);
      },
      [this](const OrderPtr& order, const caf::actor& asker) {
        guarded([&] { take_order(order, asker); });
      },
      [this](const InboxNews&) {
        guarded([&] {
          partition_.inbox_news();
          step();
        });
      },
      [this](const BarrierDone& barrier) {
        if (stopped_) return barrier(false);
        guarded([&] {
          partition_.barrier(barrier);
          step();
        });
      },
      [this](const ActionRequestPtr& request) {
        if (stopped_) return request->done(false);
        guarded([&] {
          partition_.act(request->action, request->done);
          step();
        });
      },
      [this](const Tick&) { guarded([&] { tick(); }); },
      [this](const runtime::ClusterTime& time) {
        guarded([&] {
          partition_.set_time(time);
          step();
        });
      },
      [this](const SealDue&) {
        seal_due_comes_ = false;
        guarded([&] { step(); });
      },
  };
}

// What escapes the core is a bug or the end of memory. Either way the open commit cannot be
// trusted: the partition stops with its last durable state.
template <class Work>
void PartitionActor::guarded(Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    stop(std::string("an unexpected error: ") + error.what());
  }
}

void PartitionActor::take(BatchPtr batch) {
  if (stopped_) {
    batch->submission->finish_one();  // results stay pending: unknown, send again
    return;
  }
  partition_.take(std::move(*batch));
  step();
}

void PartitionActor::take_order(const OrderPtr& order, const caf::actor& asker) {
  if (stopped_) {
    caf::anon_send(asker, OrderDone{order->number, false});
    return;
  }
  partition_.order(order->order, [this, asker, number = order->number](bool durable) {
    answers_.emplace_back(asker, OrderDone{number, durable});
  });
  step();
}

void PartitionActor::done(const CommitDone& outcome) {
  if (stopped_) return;
  switch (partition_.on_outcome(outcome.number, outcome.outcome)) {
    case runtime::Partition::Next::kContinue:
      break;
    case runtime::Partition::Next::kTakeOver: {
      auto recovered = shared_->engine.take_over(id_);
      if (!recovered) {
        const bool fenced = recovered.error().code == runtime::ErrorCode::kFenced;
        return stop(fenced ? kTakenOver : recovered.error().message);
      }
      partition_.resolve(*recovered);
      break;
    }
    case runtime::Partition::Next::kStop:
      targets_.clear();
      return stop(outcome.outcome == runtime::Outcome::kFenced
                      ? kTakenOver
                      : "the store failed: see the disk, then start again");
  }
  tell_targets();
  step();
}

// A hint: a target that is told of what did not become durable finds nothing.
void PartitionActor::tell_targets() {
  for (const runtime::PartitionId target : targets_) {
    if (target != id_) caf::anon_send(peers_[target], InboxNews{});
  }
  targets_.clear();
}

void PartitionActor::tick() {
  if (stopped_) return;
  look_at_inputs();
  partition_.tick(wall_clock_us());
  step();
  show_positions();
}

void PartitionActor::look_at_inputs() {
  const std::uint64_t changes = shared_->input_changes;
  if (changes == input_changes_) return;
  input_changes_ = changes;
  const std::lock_guard lock(shared_->mutex);
  partition_.set_input_times(shared_->input_times);
}

bool PartitionActor::too_early() {
  const auto interval = shared_->options.commit_interval_min;
  if (interval.count() == 0) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - sealed_at_ >= interval) return false;
  if (!seal_due_comes_) {
    seal_due_comes_ = true;
    delayed_send(this, interval - (now - sealed_at_), SealDue{});
  }
  return true;
}

void PartitionActor::step() {
  if (stopped_) return;
  if (shared_->draining) partition_.hold_backfills();
  look_at_inputs();
  partition_.run(wall_clock_us());
  if (partition_.failed()) return stop(partition_.failure());
  if (partition_.can_seal() && !too_early()) {
    auto commit = partition_.seal();
    sealed_at_ = std::chrono::steady_clock::now();
    const auto number = commit->number;
    for (const runtime::InboxRecord& record : commit->inbox) {
      if (targets_.empty() || targets_.back() != record.target) targets_.push_back(record.target);
    }
    // Strong: the outcome has to arrive even when the host lets go of its handles meanwhile.
    caf::actor self = caf::actor_cast<caf::actor>(this);
    shared_->engine.commit(std::move(commit), [self, number](runtime::Outcome outcome) {
      caf::anon_send(self, CommitDone{number, outcome});
    });
    partition_.run(wall_clock_us());
    if (partition_.failed()) return stop(partition_.failure());
  }
  publish("running");
}

void PartitionActor::stop(const std::string& why) {
  if (stopped_) return;
  stopped_ = true;
  shared_->fail("partition " + std::to_string(id_) + ": " + why);
  partition_.abandon();
  publish("failed");
}

void PartitionActor::publish(const char* state) {
  show(state);
  for (const auto& [asker, answer] : answers_) caf::anon_send(asker, answer);
  answers_.clear();
  tell_backfills();
}

// Progress is told with the next tick; what others wait for at once.
void PartitionActor::tell_backfills() {
  const auto backfills = partition_.backfills();
  std::string news;
  for (const runtime::BackfillPart& part : *backfills.parts) {
    news += std::to_string(part.terms.id) + ":" + std::to_string(static_cast<int>(part.state)) +
            (part.through ? "t " : " ");
  }
  for (const std::uint64_t id : backfills.told) news += std::to_string(id) + " ";
  if (news == backfills_told_) return;
  backfills_told_ = std::move(news);
  if (clock_) caf::anon_send(clock_, BackfillNews{});
}

void PartitionActor::on_exit() {
  peers_.clear();
  clock_ = nullptr;
}

void PartitionActor::show_positions() {
  Gauges& gauges = *shared_->gauges[id_];
  const std::lock_guard lock(gauges.mutex);
  gauges.positions = partition_.positions();
}

void PartitionActor::show(const char* state) {
  Gauges& gauges = *shared_->gauges[id_];
  const std::lock_guard lock(gauges.mutex);
  gauges.status = {id_,
                   partition_.epoch(),
                   partition_.last_commit(),
                   partition_.queued_events(),
                   partition_.activations(),
                   partition_.activation_bytes(),
                   partition_.board_bytes(),
                   state};
  gauges.counters = partition_.counters();
  gauges.watermark = partition_.watermark();
  gauges.backfills = partition_.backfills();
}

}  // namespace laurel::adapters::internal
