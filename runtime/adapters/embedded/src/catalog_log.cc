#include "catalog_log.h"

#include <algorithm>
#include <memory>

#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/keys.h"

namespace laurel::adapters::internal {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

std::unique_ptr<rocksdb::Iterator> iterator(const OpenStore& open) {
  return std::unique_ptr<rocksdb::Iterator>(
      open.store->db().NewIterator(rocksdb::ReadOptions(), open.store->family(Family::kMeta)));
}

}  // namespace

Result<std::uint64_t> append_catalog(const OpenStore& open, const std::string& record) {
  const auto at = iterator(open);
  std::uint64_t last = 0;
  at->SeekForPrev(runtime::prefix_end(std::string(kCatalogPrefix)));
  if (at->Valid() &&
      at->key().starts_with(rocksdb::Slice(kCatalogPrefix.data(), kCatalogPrefix.size()))) {
    last = runtime::from_big_endian(at->key().ToStringView().substr(kCatalogPrefix.size()));
  }
  if (!at->status().ok()) return store_error(at->status(), "reading the catalog");
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status status = open.store->db().Put(synced, open.store->family(Family::kMeta),
                                                      catalog_key(last + 1), record);
  if (!status.ok()) return store_error(status, "writing the catalog");
  return last + 1;
}

Result<std::vector<std::string>> read_catalog(const OpenStore& open, std::uint64_t from) {
  std::vector<std::string> records;
  const auto at = iterator(open);
  std::uint64_t number = std::max<std::uint64_t>(from, 1);
  for (at->Seek(catalog_key(number)); at->Valid(); at->Next(), ++number) {
    const std::string_view key = at->key().ToStringView();
    if (!key.starts_with(kCatalogPrefix)) break;
    if (key != catalog_key(number)) {
      return Error{ErrorCode::kStoreFailed,
                   "version " + std::to_string(number) + " of the stored catalog is missing"};
    }
    records.push_back(at->value().ToString());
  }
  if (!at->status().ok()) return store_error(at->status(), "reading the catalog");
  return records;
}

}  // namespace laurel::adapters::internal
