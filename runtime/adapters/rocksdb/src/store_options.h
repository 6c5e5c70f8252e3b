/// From StoreOptions to RocksDB's own.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>

#include "laurel/adapters/rocksdb/store.h"

namespace laurel::adapters::internal {

rocksdb::DBOptions database_options(const StoreOptions& options,
                                    std::shared_ptr<rocksdb::WriteBufferManager> write_buffers);
rocksdb::ColumnFamilyOptions family_options(Family family, const StoreOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace laurel::adapters::internal
