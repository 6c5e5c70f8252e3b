/// Log events of a node: names are stable API (docs/guide/operations.md), fields beside them.
///
/// error: a person must act. warn: handled, but unexpected. info: lifecycle.
#pragma once

#include <string_view>

namespace laurel::node {

enum class Level { kError, kWarn, kInfo, kDebug };

struct LogEvent {
  std::string_view name;
  Level level;
};

inline constexpr LogEvent kNodeStarting{"node.starting", Level::kInfo};
inline constexpr LogEvent kNodeStage{"node.stage", Level::kDebug};
inline constexpr LogEvent kNodeRunning{"node.running", Level::kInfo};
inline constexpr LogEvent kNodeStopping{"node.stopping", Level::kInfo};
inline constexpr LogEvent kNodeStopped{"node.stopped", Level::kInfo};
inline constexpr LogEvent kCatalogPublished{"catalog.published", Level::kInfo};
inline constexpr LogEvent kCatalogFolderDiffers{"catalog.folder-differs", Level::kWarn};
inline constexpr LogEvent kKafkaTrouble{"kafka.trouble", Level::kWarn};
inline constexpr LogEvent kInputLossAccepted{"input.loss-accepted", Level::kWarn};
inline constexpr LogEvent kKafkaSays{"kafka.says", Level::kDebug};
inline constexpr LogEvent kNodeFailed{"node.failed", Level::kError};
inline constexpr LogEvent kNodeStopStuck{"node.stop-stuck", Level::kError};

}  // namespace laurel::node
