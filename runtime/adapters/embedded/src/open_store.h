/// OpenStore: an opened data directory. Shared by the engine and the views it gave out; the
/// directory is unlocked when the last of them is gone.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "data_dir.h"
#include "high_water.h"
#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/embedded/options.h"
#include "laurel/adapters/rocksdb/store.h"
#include "store_format.h"

namespace laurel::adapters::internal {

struct OpenStore {
  // In the order in which they are opened; gone in the opposite one.
  std::unique_ptr<DirectoryLock> lock;
  std::unique_ptr<Store> store;
  std::unique_ptr<HighWater> high_water;  ///< none when read-only
  Identity identity;
  std::vector<CommitRecord> records;  ///< as found, by partition
};

runtime::Result<std::shared_ptr<OpenStore>> open_store(const EmbeddedOptions& options);

}  // namespace laurel::adapters::internal
