#include "clock_actor.h"

#include <algorithm>
#include <mutex>

#include "partition_actor.h"
#include "shell.h"

namespace laurel::adapters::internal {

namespace {
constexpr std::chrono::milliseconds kNewsPause{1};  // all partitions have theirs at about one time
}

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
        for (const caf::actor& partition : partitions_) caf::anon_send(partition, Tick{});
        tell();
        delayed_send(this, kTick, Tick{});
      },
      [this](const BackfillNews&) {
        if (tells_soon_) return;
        tells_soon_ = true;
        delayed_send(this, kNewsPause, TellTime{});
      },
      [this](const TellTime&) { tell(); },
  };
}

void ClockActor::tell() {
  tells_soon_ = false;
  const runtime::ClusterTime time = cluster_time();
  for (const caf::actor& partition : partitions_) caf::anon_send(partition, time);
}

runtime::ClusterTime ClockActor::cluster_time() const {
  runtime::ClusterTime time;
  time.watermark = std::numeric_limits<TimeUs>::max();
  for (const auto& gauges : shared_->gauges) {
    const std::lock_guard lock(gauges->mutex);
    time.watermark = std::min(time.watermark, gauges->watermark);
  }
  time.backfills = runtime::spans_of(shared_->backfills());
  return time;
}

}  // namespace laurel::adapters::internal
