#include "clock_actor.h"

#include <algorithm>
#include <mutex>

#include "partition_actor.h"
#include "shell.h"

namespace laurel::adapters::internal {

ClockActor::ClockActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                       std::vector<caf::actor> partitions)
    : caf::event_based_actor(config),
      shared_(std::move(shared)),
      partitions_(std::move(partitions)) {}

caf::behavior ClockActor::make_behavior() {
  survive_strangers(*this);
  delayed_send(this, kTick, Tick{});
  return {
      [this](const Tick&) {
        const runtime::ClusterTime time = cluster_time();
        for (const caf::actor& partition : partitions_) {
          caf::anon_send(partition, Tick{});
          caf::anon_send(partition, time);
        }
        delayed_send(this, kTick, Tick{});
      },
  };
}

runtime::ClusterTime ClockActor::cluster_time() const {
  runtime::ClusterTime time;
  time.watermark = std::numeric_limits<TimeUs>::max();
  for (const auto& gauges : shared_->gauges) {
    const std::lock_guard lock(gauges->mutex);
    time.watermark = std::min(time.watermark, gauges->watermark);
  }
  return time;
}

}  // namespace laurel::adapters::internal
