/// StoreLog: what RocksDB says about itself, in the file LOG of its folder.
///
/// Why        RocksDB's own writes it like a file of the database: on a full disk the second line
///            that cannot be written ends the process (an assertion, on in Debian's library).
///            Here such a line is gone, and nothing else.
/// Threads    Any thread.
/// Limits     4 MiB, and as much of the one before it (LOG.old).
#pragma once

#include <rocksdb/env.h>

#include <memory>
#include <string>

namespace laurel::adapters::internal {

/// Begins a file anew; an empty folder: writes nowhere.
std::shared_ptr<rocksdb::Logger> make_store_log(const std::string& folder);

}  // namespace laurel::adapters::internal
