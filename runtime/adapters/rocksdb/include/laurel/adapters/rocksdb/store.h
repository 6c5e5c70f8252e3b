/// Store: one RocksDB with the families that an engine needs, opened as Laurel needs it.
///
/// Why        RocksDB's defaults hide loss and leave memory unbounded: docs/formats/store.md.
/// Lifecycle  open(), then close() for a quick next start, or just destruction: a crash loses
/// nothing
///            that was written with sync.
/// Threads    Any thread; close() and destruction when nobody reads any more.
/// Errors     open(): kDataDirInUse, kDataDirForeign, kDataLost (corrupt), kStoreFailed.
///            Others: kStoreFailed. After a failed write the store must not be written again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "laurel/adapters/rocksdb/options.h"
#include "laurel/runtime/errors.h"

namespace rocksdb {
class Cache;
class ColumnFamilyHandle;
class DB;
class WriteBufferManager;
}  // namespace rocksdb

namespace laurel::adapters {

/// Column families. The first ones have the numbers of runtime::Space.
enum class Family : std::uint8_t {
  kState = 0,
  kLogs = 1,
  kJournal = 2,
  kTimers = 3,
  kStaged = 4,
  kInbox = 5,
  kTopics = 6,
  kMeta = 7,
};
inline constexpr std::size_t kFamilyCount = 8;
/// Names on disk, by number.
inline constexpr std::array<const char*, kFamilyCount> kFamilyNames = {
    "state", "logs", "journal", "timers", "staged", "inbox", "topics", "meta"};

/// Bytes of memory that a store holds.
struct StoreMemory {
  std::size_t cache_bytes = 0;      ///< in the shared cache, memtables included
  std::size_t memtables_bytes = 0;  ///< of them
  std::size_t pinned_bytes = 0;     ///< in the cache and in use right now
};

/// A cache that several stores share, and the bound of all their memtables.
class StoreCache {
 public:
  /// Errors: kConfigInvalid.
  static runtime::Result<std::shared_ptr<StoreCache>> make(const StoreOptions& options);
  StoreMemory memory() const;

 private:
  friend class Store;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
};

class Store {
 public:
  static runtime::Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return families_[static_cast<std::size_t>(family)];
  }

  /// Writes all memtables to files: the next open() replays no log, and without one finds all of
  /// it. `wait`: until it is done; else failed() tells of an error.
  runtime::Status flush(bool wait = true);
  /// Whether a flush or a merge has failed, as far as is known by now. What is written may have
  /// been taken all the same.
  bool failed() const;
  /// Reads every file and compares all checksums. Long.
  runtime::Status verify_checksums() const;
  /// Of the cache that it uses.
  StoreMemory memory() const { return cache_->memory(); }

 private:
  Store() = default;

  std::shared_ptr<StoreCache> cache_;
  rocksdb::DB* db_ = nullptr;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilyCount> families_{};
  rocksdb::ColumnFamilyHandle* default_family_ = nullptr;
  bool read_only_ = false;
};

}  // namespace laurel::adapters
