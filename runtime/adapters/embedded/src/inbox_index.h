/// InboxIndex: for each target and source the newest commit whose messages are durable, so that a
/// target looks into the store only where something is.
///
/// Threads    Any.
#pragma once

#include <atomic>
#include <vector>

#include "laurel/runtime/engine.h"
#include "open_store.h"

namespace laurel::adapters::internal {

class InboxIndex {
 public:
  explicit InboxIndex(std::uint16_t partitions)
      : partitions_(partitions), newest_(std::size_t{partitions} * partitions) {}

  /// What the store holds.
  runtime::Status load(const OpenStore& open);
  /// REQUIRES: the commit is durable. Of one source: in order.
  void note(const runtime::Commit& commit);
  /// As Engine::read_inbox().
  runtime::Result<std::vector<runtime::InboxEntry>> read(const OpenStore& open,
                                                         runtime::PartitionId target,
                                                         const runtime::Positions& after,
                                                         std::size_t bytes_max) const;

 private:
  std::atomic<runtime::CommitNumber>& newest(runtime::PartitionId target,
                                             runtime::PartitionId source) {
    return newest_[std::size_t{target} * partitions_ + source];
  }

  const std::uint16_t partitions_;
  std::vector<std::atomic<runtime::CommitNumber>> newest_;
};

}  // namespace laurel::adapters::internal
