/// PartitionStore: the snapshot of one partition, a RocksDB of its own.
///
///     transaction committed ──▶ write(commit)     one batch: rows + record + place in the
///     changelog take-over ──▶ replay(record)... ──▶ the same, from what others committed
///
/// Why        Written after its transaction, without a log: what a crash takes, all since the last
///            flush, is read from the changelog again. What is there is always some commit, or a
///            replay that has not come to its end: the families are flushed together.
/// Threads    write() and replay(): one at a time. Reads: any.
/// Errors     kStoreFailed: the partition must not be used any more.
#pragma once

#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "changelog_format.h"
#include "laurel/adapters/rocksdb/store.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

class PartitionStore {
 public:
  /// One that is damaged is put aside, under another name, and begun anew.
  static runtime::Result<std::unique_ptr<PartitionStore>> open(const StoreOptions& options,
                                                               runtime::PartitionId partition,
                                                               const ClientBase& base);

  const Store& store() const { return *store_; }
  /// As of the last commit that is in it.
  const PartitionRecord& record() const { return record_; }
  /// Offset in the changelog before which all is in it.
  std::int64_t changelog_next() const { return changelog_next_; }

  runtime::Status write(const runtime::Commit& commit, const PartitionRecord& record,
                        std::int64_t changelog_next);
  /// With the rows of a replay that wait for it.
  runtime::Status write_record(const PartitionRecord& record, std::int64_t changelog_next);
  /// From changelog_next() on, record by record. Rows wait for the commit record behind them.
  void begin_replay();
  /// `rows` counts those of it.
  runtime::Status replay(const LogRecord& record, std::uint64_t& rows);
  /// All before `end` has been replayed.
  runtime::Status replayed_to(std::int64_t end);
  runtime::Status flush();

  runtime::Result<std::unique_ptr<runtime::ReadView>> view(
      std::shared_ptr<const PartitionStore> self) const;

 private:
  PartitionStore(runtime::PartitionId partition, std::string path, std::unique_ptr<Store> store)
      : partition_(partition), path_(std::move(path)), store_(std::move(store)) {}
  runtime::Status load();
  runtime::Status look_for_room();

  const runtime::PartitionId partition_;
  const std::string path_;
  std::unique_ptr<Store> store_;
  PartitionRecord record_;
  std::int64_t changelog_next_ = 0;
  rocksdb::WriteBatch batch_;
  std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point looked_;  // for room on the disk
};

}  // namespace laurel::adapters::kafka
