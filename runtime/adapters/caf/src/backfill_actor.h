/// BackfillActor: gives orders about backfills to all partitions, one order after the other.
///
///     request ──▶ order to each partition ──▶ durable in all ──▶ answer
///
/// Why        An order is durable in each partition by itself; a crash can leave it in some only.
///            One order at a time, and what is found half done at the start is finished first: so
///            no two orders are ever half done about one backfill.
/// View       This node's partitions, as their gauges show them.
/// Limits     kBackfillsOpenMax open or being applied; the 1000 first requests that wait.
#pragma once

#include <caf/all.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared.h"

namespace laurel::adapters::internal {

/// Opens one (or finds the open one of that source), closes or drops one.
struct BackfillRequest {
  enum class Kind { kOpen, kClose, kDrop };
  Kind kind = Kind::kOpen;
  runtime::BackfillTerms terms;  ///< of kOpen without an id; else the id alone
  BackfillAnswer answer;
  std::string by = {}, reason = {};
};
using BackfillRequestPtr = std::shared_ptr<BackfillRequest>;

/// To each partition; OrderDone comes back with its number.
struct OrderToAll {
  std::uint64_t number = 0;
  runtime::BackfillOrder order;
};
using OrderPtr = std::shared_ptr<const OrderToAll>;
struct OrderDone {
  std::uint64_t number = 0;
  bool durable = false;
};

class BackfillActor : public caf::event_based_actor {
 public:
  BackfillActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                std::vector<caf::actor> partitions);
  caf::behavior make_behavior() override;

 private:
  struct Running {
    runtime::BackfillOrder order;
    BackfillAnswer answer;
    std::size_t left = 0;
    bool durable = true;
  };
  void take(const BackfillRequestPtr& request);
  void next();
  void begin(BackfillRequest& request);
  void open(BackfillRequest& request);
  void finish(BackfillRequest& request);
  void give(runtime::BackfillOrder order, BackfillAnswer answer);
  void done(const OrderDone& done);

  std::shared_ptr<Shared> shared_;
  std::vector<caf::actor> partitions_;
  std::vector<runtime::BackfillOrder> unfinished_;
  std::deque<BackfillRequestPtr> waiting_;
  std::optional<Running> running_;
  std::uint64_t number_ = 0;
};

}  // namespace laurel::adapters::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::BackfillRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::OrderPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::OrderDone)
