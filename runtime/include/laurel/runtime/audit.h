/// What somebody did to the node by hand, and how it is written down: the topic `audit`, each
/// record chained to the one before (contract::AuditRecord).
#pragma once

#include <string>

#include "laurel/runtime/engine.h"

namespace laurel::runtime {

/// All actions are handled here, so that there is one chain.
inline constexpr PartitionId kAuditPartition = 0;

/// Becomes durable with its record, or not at all. But for catalog.publish, whose version is
/// durable before, and a backfill's end in the other partitions: their records follow, once each.
struct AdminAction {
  /// Stable name: input.accept-loss, backfill.close, backfill.drop, catalog.publish.
  std::string action;
  std::string target;  ///< what it was done to
  std::string by;      ///< as they call themselves
  std::string reason;
  std::string before, after;
  Positions positions;  ///< what it changes: set with the commit
};

}  // namespace laurel::runtime
