/// StoreOptions: how much memory and disk a Store may take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}

namespace laurel::adapters {

class StoreCache;

struct StoreOptions {
  /// Directory of the database. No default.
  std::string path;
  /// Make the database when there is none. Default no: a missing one is an error.
  bool create = false;
  /// Open without writing anything, the log of writes is only replayed in memory. Default no.
  bool read_only = false;

  /// Bytes of one cache shared by all families: blocks, indexes, filters, and the memtables, which
  /// are charged to it. Default 512 MiB. At least 32 MiB.
  std::size_t cache_bytes = 512U << 20;
  /// Of several stores: one cache, and one bound of memtables, for all of them. Default: its own.
  std::shared_ptr<StoreCache> cache;
  /// Bytes of a memtable of state, logs and journal. Default 16 MiB: it fits the processor's cache,
  /// which is worth more than fewer flushes.
  std::size_t memtable_bytes = 16U << 20;
  /// Bytes of a memtable of topics: few and large rows, so larger and fewer files. Default 32 MiB.
  std::size_t topic_memtable_bytes = 32U << 20;
  /// Bytes of all memtables; beyond it the oldest is flushed. Default 128 MiB. At most a quarter of
  /// the cache.
  std::size_t memtables_bytes_max = 128U << 20;
  /// Bytes of all topics on disk; beyond it the oldest file is dropped. Default 4 GiB.
  std::uint64_t topic_bytes_max = 4ULL << 30;
  /// Keep a log of writes. Without one a crash takes what was not flushed, of all families alike:
  /// what is found then is a state that was written once, an older one. Default yes.
  bool log = true;
  /// Bytes of the log of writes; beyond it the oldest memtables are flushed. Bounds the time of a
  /// start after a crash. Default 256 MiB.
  std::uint64_t wal_bytes_max = 256ULL << 20;
  /// Table files kept open. Default 512.
  int open_files_max = 512;
  /// Flushes and compactions at once. Default 2.
  int background_jobs_max = 2;
  /// More than one thread writes at once: overlap their log and memtable writes. Default no.
  bool concurrent_writers = false;

  /// File system below the database; nullptr: the machine's. Tests put faults there. Must outlive
  /// the store.
  rocksdb::Env* env = nullptr;
};

}  // namespace laurel::adapters
