/// EmbeddedOptions: where the embedded engine keeps its data, and how much of it.
#pragma once

#include <cstdint>
#include <string>

#include "laurel/adapters/rocksdb/options.h"

namespace laurel::adapters {

struct EmbeddedOptions {
  /// The data directory; one node owns it at a time. No default.
  std::string data_dir;
  /// Number of partitions, 1 to 4096, fixed when the directory is created. Default 0: as created,
  /// 16 when it is created now.
  std::uint16_t partitions = 0;
  /// Make the directory's content when there is none. Default no.
  bool create = false;
  /// Only read: nothing is written, no owner. Several may, but not beside a running node. Default
  /// no.
  bool read_only = false;
  /// Open although the file `high-water` is missing or damaged, and write it anew from what the
  /// database holds: for a directory restored from a backup without it. Default no.
  bool accept_missing_high_water = false;
  /// Threads that write commits, 1 to 8. Default 2: one encodes while the other waits for the disk.
  unsigned commit_threads = 2;
  /// Bytes of rows and outputs of one commit; a larger one is rejected. Default 256 MiB.
  std::uint64_t commit_bytes_max = 256ULL << 20;
  /// Memory and disk of the database below. `path`, `create`, `read_only` and `concurrent_writers`
  /// are set by the engine.
  StoreOptions store;
};

}  // namespace laurel::adapters
