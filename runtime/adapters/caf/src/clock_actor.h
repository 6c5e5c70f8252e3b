/// ClockActor: ticks to each partition, for what is due by time and not by input, and the time that
/// all of them have reached. When a partition has news of a backfill, at once.
#pragma once

#include <caf/all.hpp>
#include <memory>
#include <vector>

#include "shared.h"

namespace laurel::adapters::internal {

class ClockActor : public caf::event_based_actor {
 public:
  ClockActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
             std::vector<caf::actor> partitions);
  caf::behavior make_behavior() override;

 private:
  void tell();
  /// The smallest watermark of all partitions, durable.
  runtime::ClusterTime cluster_time() const;

  std::shared_ptr<Shared> shared_;
  std::vector<caf::actor> partitions_;
  bool tells_soon_ = false;
};

}  // namespace laurel::adapters::internal
