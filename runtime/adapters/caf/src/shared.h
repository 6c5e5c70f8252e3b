/// What the actors of a host share with the threads outside.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "laurel/adapters/caf/host.h"

namespace laurel::adapters::internal {

/// What a partition shows of itself; written by its actor, read by anyone.
struct Gauges {
  std::mutex mutex;
  runtime::PartitionStatus status;
  runtime::PartitionCounters counters;
  laurel::TimeUs watermark = std::numeric_limits<laurel::TimeUs>::min();
  runtime::PartitionBackfills backfills;
  runtime::Positions positions;
};

struct Shared {
  runtime::Engine& engine;
  const runtime::ActorRegistry& registry;
  const runtime::Hasher& hasher;
  std::shared_ptr<const runtime::Catalog> catalog;
  HostOptions options;

  std::atomic<std::uint64_t> events_in_flight{0};
  std::atomic<std::uint64_t> bytes_in_flight{0};
  std::atomic<bool> draining{false};
  /// How far inputs are; the number rises with each change, so that looking is cheap.
  std::atomic<std::uint64_t> input_changes{0};
  std::shared_ptr<const runtime::InputTimes> input_times;  ///< under the mutex
  std::mutex mutex;
  std::condition_variable settled;  ///< something left: look at events_in_flight again
  std::string failure;
  std::vector<std::unique_ptr<Gauges>> gauges;

  std::vector<runtime::Backfill> backfills() const {
    std::vector<runtime::PartitionBackfills> parts;
    for (const auto& each : gauges) {
      const std::lock_guard lock(each->mutex);
      parts.push_back(each->backfills);
    }
    return runtime::gather_backfills(parts);
  }

  void set_input_times(runtime::InputTimes times) {
    const std::lock_guard lock(mutex);
    input_times = std::make_shared<runtime::InputTimes>(std::move(times));
    ++input_changes;
  }

  void fail(const std::string& why) {
    const std::lock_guard lock(mutex);
    if (failure.empty()) failure = why;
  }
};

}  // namespace laurel::adapters::internal
