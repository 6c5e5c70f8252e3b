/// Freshness: how new a read has to be, and waiting until it is.
///
/// Why        A durable state is always shown, but a client may want at least what it has written
///            (`min_position`), or what was durable anywhere when it asked (`consistency=strong`).
///            Both are barriers: through the partitions written to, so that what their commits left
///            for later is sent on, then through the one that is read.
/// Limits     kFreshWait, then 503 with Retry-After.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "http_types.h"
#include "laurel/runtime/node_api.h"
#include "position.h"
#include "target.h"

namespace laurel::gateway::internal {

inline constexpr std::chrono::milliseconds kFreshWait{2000};

struct Freshness {
  enum class Consistency { kCommitted, kStrong, kBounded };
  Consistency consistency = Consistency::kCommitted;
  std::uint64_t stale_ms_max = 0;  ///< kBounded
  std::optional<Position> min_position;
};

/// Reads `consistency`, `max_stale_ms`, `min_position`; empty, or what is wrong with them.
std::string read_freshness(const Target& target, std::uint16_t partitions, Freshness& freshness);

/// Runs `read` once a read of the partition is as fresh as it has to be, here or on a handler's
/// thread; or answers 503.
void when_fresh(runtime::NodeApi& node, const Scheduler& scheduler, const Freshness& freshness,
                runtime::PartitionId partition, Respond respond,
                std::function<void(const Respond&)> read);

}  // namespace laurel::gateway::internal
