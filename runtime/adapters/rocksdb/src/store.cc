#include "laurel/adapters/rocksdb/store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "laurel/adapters/rocksdb/status.h"
#include "log_checksum.h"
#include "store_options.h"

namespace laurel::adapters {
namespace {

constexpr std::size_t kCacheBytesMin = 32U << 20;
constexpr std::size_t kMemtablesShare = 4;
constexpr double kIndexAndFilterShare = 0.3;
constexpr int kCacheShardBits = 2;

}  // namespace

runtime::Result<std::shared_ptr<StoreCache>> StoreCache::make(const StoreOptions& options) {
  if (options.cache_bytes < kCacheBytesMin) {
    return runtime::Error{runtime::ErrorCode::kConfigInvalid,
                          "the store's cache has " + std::to_string(options.cache_bytes) +
                              " bytes; at least " + std::to_string(kCacheBytesMin)};
  }
  auto out = std::make_shared<StoreCache>();
  out->cache_ = rocksdb::NewLRUCache(options.cache_bytes, kCacheShardBits,
                                     /*strict_capacity_limit=*/false, kIndexAndFilterShare);
  // A quarter of the cache: those that wait until they are flushed come on top of the bound, as
  // much again on a busy machine. What memtables leave is what reads live on: with too little of it
  // even the filters go, which every read asks.
  const std::size_t memtables =
      std::min(options.memtables_bytes_max, options.cache_bytes / kMemtablesShare);
  out->write_buffers_ = std::make_shared<rocksdb::WriteBufferManager>(memtables, out->cache_);
  return out;
}

StoreMemory StoreCache::memory() const {
  return {cache_->GetUsage(), write_buffers_->memory_usage(), cache_->GetPinnedUsage()};
}

runtime::Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  std::unique_ptr<Store> store(new Store());
  store->read_only_ = options.read_only;
  store->cache_ = options.cache;
  if (store->cache_ == nullptr) {
    auto own = StoreCache::make(options);
    if (!own.ok()) return own.error();
    store->cache_ = std::move(*own);
  }
  const std::shared_ptr<rocksdb::Cache>& cache = store->cache_->cache_;
  if (options.create) {  // the log begins before the database
    std::error_code ignored;
    std::filesystem::create_directories(options.path, ignored);
  }
  internal::check_log_checksum();
  const rocksdb::DBOptions db_options =
      internal::database_options(options, store->cache_->write_buffers_);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           internal::family_options(Family::kMeta, options, cache));
  for (std::size_t i = 0; i < kFamilyCount; ++i) {
    descriptors.emplace_back(kFamilyNames[i],
                             internal::family_options(static_cast<Family>(i), options, cache));
  }
  // What a commit waits for goes before flushes and merges, which fill both cores now and then. (Of
  // the whole process, and only Linux; when they cannot keep up RocksDB slows writers down.)
  for (const auto pool : {rocksdb::Env::Priority::LOW, rocksdb::Env::Priority::HIGH}) {
    static_cast<void>(db_options.env->LowerThreadPoolCPUPriority(pool, rocksdb::CpuPriority::kLow));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(db_options, options.path, descriptors, &handles,
                                         &store->db_)
          : rocksdb::DB::Open(db_options, options.path, descriptors, &handles, &store->db_);
  if (!status.ok()) return open_error(status, options.path);
  store->default_family_ = handles[0];
  std::copy(handles.begin() + 1, handles.end(), store->families_.begin());
  return store;
}

Store::~Store() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : families_) {
    static_cast<void>(db_->DestroyColumnFamilyHandle(handle));
  }
  static_cast<void>(db_->DestroyColumnFamilyHandle(default_family_));
  // Everything worth keeping was synced before, or is in somebody else's log: an error here loses
  // nothing.
  static_cast<void>(db_->Close());
  delete db_;
}

runtime::Status Store::flush(bool wait) {
  if (read_only_) return {};
  rocksdb::FlushOptions options;
  options.wait = wait;
  options.allow_write_stall = !wait;  // or it waits for what is flushed before it
  const rocksdb::Status status = db_->Flush(
      options, std::vector<rocksdb::ColumnFamilyHandle*>(families_.begin(), families_.end()));
  if (!status.ok()) return store_error(status, "flushing memtables");
  return {};
}

bool Store::failed() const {
  std::uint64_t errors = 0;
  return !db_->GetIntProperty(rocksdb::DB::Properties::kBackgroundErrors, &errors) || errors > 0;
}

runtime::Status Store::verify_checksums() const {
  const rocksdb::Status status = db_->VerifyChecksum(rocksdb::ReadOptions());
  if (!status.ok()) return store_error(status, "verifying checksums");
  return {};
}

}  // namespace laurel::adapters
