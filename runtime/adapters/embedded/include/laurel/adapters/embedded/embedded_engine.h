/// EmbeddedEngine: commits made durable in one RocksDB of this process. Needs no service.
///
///     commit() ──▶ queue ──▶ commit thread: all that is queued ──▶ one WriteBatch, one fsync
///                                                              ──▶ high-water ──▶ done(kDurable)
///
/// Why        Group commit: under load one fsync serves every partition, and no partition waits for
///            another that has nothing to say.
/// View       One process; the data directory is locked against a second one.
/// Lifecycle  open_embedded(), take_over() per partition, close(). Destruction without close() is
/// like
///            a crash: what was durable stays, the next open replays the log of writes.
/// Threads    Any thread. `done` runs on a commit thread, also for what comes after close().
/// Limits     One commit per partition in flight (law 2), so the queue is bounded by the
/// partitions. Errors     Any failed write: that commit and all after it end kStoreFailed and reads
/// fail, until the
///            directory is opened again. A commit that ended so may have happened.
///            After close() reads and take_over() answer kUnavailable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "laurel/adapters/embedded/options.h"
#include "laurel/runtime/engine.h"

namespace laurel::adapters {

/// Counts since open.
struct EmbeddedStats {
  std::uint64_t groups = 0;   ///< written batches
  std::uint64_t commits = 0;  ///< in them
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;         ///< of the batches
  std::uint64_t encode_us = 0;     ///< putting batches together
  std::uint64_t write_us = 0;      ///< RocksDB write with fsync
  std::uint64_t write_us_max = 0;  ///< of one group
  std::uint64_t group_commits_max = 0;
  std::uint64_t cache_bytes = 0;      ///< now
  std::uint64_t memtables_bytes = 0;  ///< now
};

class EmbeddedEngine : public runtime::Engine {
 public:
  virtual EmbeddedStats stats() const = 0;
  /// Reads every stored file and compares its checksums. Long.
  virtual runtime::Status verify() const = 0;
  /// Identity of the node that made the directory, a UUID.
  virtual const std::string& node_uuid() const = 0;
};

/// Errors: kConfigInvalid (partitions differ), kDataDirInUse, kDataDirForeign, kDataLost,
/// kNotFound (nothing there, and not `create`), kStoreFailed.
runtime::Result<std::unique_ptr<EmbeddedEngine>> open_embedded(const EmbeddedOptions& options);

}  // namespace laurel::adapters
