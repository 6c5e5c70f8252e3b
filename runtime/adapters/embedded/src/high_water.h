/// HighWater: what was acknowledged, kept outside the database (docs/formats/high-water.md).
///
/// Why        RocksDB opens without complaint when its log of writes is gone or the directory is an
///            older copy; only a second witness can tell.
/// Order      record() comes after the database's fsync and before any acknowledgement, so the file
/// is
///            never ahead of what is durable when only the process dies.
/// Threads    Any thread.
/// Limits     Three slots: one is written, the last finished one is on disk, the third comes next.
/// So a
///            power failure in the middle of a write leaves a whole slot, at most seconds old.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "laurel/runtime/engine.h"

namespace laurel::adapters::internal {

class HighWater {
 public:
  /// Makes the file anew, synced.
  static runtime::Status create(const std::string& path,
                                const std::vector<runtime::CommitNumber>& last_commits);
  /// Nothing: the file is missing or no slot of it is whole.
  static std::optional<std::vector<runtime::CommitNumber>> read(const std::string& path,
                                                                std::uint16_t partitions);
  /// REQUIRES: read() gave something.
  static runtime::Result<std::unique_ptr<HighWater>> open(const std::string& path,
                                                          std::uint16_t partitions);
  ~HighWater();
  HighWater(const HighWater&) = delete;
  HighWater& operator=(const HighWater&) = delete;

  /// Raises partitions to those commits; in the file when it returns, on the disk after sync().
  runtime::Status record(
      const std::vector<std::pair<runtime::PartitionId, runtime::CommitNumber>>& commits);
  /// Does nothing when nothing was recorded since the last one.
  runtime::Status sync();

 private:
  HighWater(int file, std::vector<runtime::CommitNumber> last_commits, std::uint64_t generation,
            unsigned slot);

  const int file_;
  std::mutex sync_mutex_;  // one sync() at a time
  std::mutex mutex_;
  std::vector<runtime::CommitNumber> last_commits_;
  std::uint64_t generation_;
  unsigned slot_;
  bool dirty_ = false;
  std::string buffer_;
};

}  // namespace laurel::adapters::internal
