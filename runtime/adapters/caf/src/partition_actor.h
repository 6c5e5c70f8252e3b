/// PartitionActor: the CAF shell of one partition.
#pragma once

#include <caf/all.hpp>
#include <chrono>

#include "backfill_actor.h"
#include "shared.h"
#include "shell.h"

namespace laurel::adapters::internal {

struct CommitDone {
  runtime::CommitNumber number = 0;
  runtime::Outcome outcome = runtime::Outcome::kDurable;
};
/// commit_interval_min has passed since the last seal.
struct SealDue {};
/// All partitions, by number, and the clock: who to tell. The first message.
struct Peers {
  std::vector<caf::actor> partitions;
  caf::actor clock;
};
/// What a partition shows of its backfills has changed, progress apart.
struct BackfillNews {};
struct TellTime {};
/// A commit with messages for this partition is durable.
struct InboxNews {};
using BarrierDone = std::function<void(bool)>;
/// What somebody does by hand, and who is told once it is durable.
struct ActionRequest {
  runtime::AdminAction action;
  std::function<void(bool)> done;
};
using ActionRequestPtr = std::shared_ptr<ActionRequest>;
using CatalogPtr = std::shared_ptr<const runtime::Catalog>;
using BatchPtr = std::shared_ptr<runtime::EventBatch>;

class PartitionActor : public caf::event_based_actor {
 public:
  PartitionActor(caf::actor_config& config, std::shared_ptr<Shared> shared, runtime::PartitionId id,
                 const runtime::Recovered& recovered);
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  void take(BatchPtr batch);
  void done(const CommitDone& done);
  void tick();
  void take_order(const OrderPtr& order, const caf::actor& asker);
  void tell_targets();
  void tell_backfills();
  void step();
  void look_at_inputs();
  /// Whether the next seal has to wait; then SealDue comes.
  bool too_early();
  void stop(const std::string& why);
  void publish(const char* state);
  void show(const char* state);
  void show_positions();
  template <class Work>
  void guarded(Work work);

  std::shared_ptr<Shared> shared_;
  runtime::PartitionId id_;
  runtime::Partition partition_;
  std::chrono::steady_clock::time_point sealed_at_;
  std::vector<caf::actor> peers_;
  caf::actor clock_;
  std::vector<runtime::PartitionId> targets_;              ///< of the commit in flight
  std::vector<std::pair<caf::actor, OrderDone>> answers_;  ///< to be sent once the gauges show it
  std::string backfills_told_;                             ///< the last news
  std::uint64_t input_changes_ = 0;                        ///< that the partition was told of
  bool seal_due_comes_ = false;
  bool stopped_ = false;
};

}  // namespace laurel::adapters::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::CommitDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::SealDue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::Peers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::InboxNews)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::BarrierDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::ActionRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::BackfillNews)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::TellTime)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::BatchPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::runtime::ClusterTime)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::CatalogPtr)
