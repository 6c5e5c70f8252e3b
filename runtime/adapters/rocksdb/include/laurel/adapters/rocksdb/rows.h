/// Rows of a partition in a Store: each starts with the partition, so that one store may hold
/// several.
///
/// Threads    Any; the caller keeps the Store alive.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/adapters/rocksdb/store.h"
#include "laurel/runtime/engine.h"

namespace rocksdb {
class Iterator;
class Slice;
class Snapshot;
class WriteBatch;
}  // namespace rocksdb

namespace laurel::adapters {

/// 2 bytes, big-endian: what every row of state, logs, journal, timers and staged starts with.
std::string partition_prefix(runtime::PartitionId partition);

class Snapshot {
 public:
  explicit Snapshot(rocksdb::DB& db);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
};

/// An iterator up to `to`, or to the end of the family when `to` is empty.
class Range {
 public:
  Range(const Store& store, Family family, const rocksdb::Snapshot* snapshot, std::string to);
  ~Range();
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
  rocksdb::Iterator* operator->() const { return rows_.get(); }
  std::string_view key() const;
  std::string_view value() const;
  /// A damaged file ends an iteration like its end does: look here after each.
  runtime::Status status() const;

 private:
  const std::string to_;
  std::unique_ptr<rocksdb::Slice> bound_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

/// `snapshot` nullptr: the newest.
runtime::Result<std::optional<std::string>> read_row(const Store& store,
                                                     runtime::PartitionId partition,
                                                     runtime::Space space, std::string_view key,
                                                     const rocksdb::Snapshot* snapshot);
runtime::Status read_rows(const Store& store, runtime::PartitionId partition, runtime::Space space,
                          const std::vector<std::string_view>& keys,
                          std::vector<std::optional<std::string>>& values);
/// As ReadView::scan().
runtime::Status scan_rows(
    const Store& store, runtime::PartitionId partition, runtime::Space space,
    const rocksdb::Snapshot* snapshot, std::string_view from, std::string_view to,
    const std::function<bool(std::string_view key, std::string_view value)>& row);
/// Adds the rows of one space, in their order; how many there are.
std::size_t put_rows(const Store& store, rocksdb::WriteBatch& batch, const runtime::Commit& commit,
                     runtime::Space space);

}  // namespace laurel::adapters
