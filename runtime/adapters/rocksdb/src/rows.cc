#include "laurel/adapters/rocksdb/rows.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/read_ahead.h"

namespace laurel::adapters {
namespace {

using runtime::Result;
using runtime::Row;
using runtime::Space;
using runtime::Status;

static_assert(static_cast<int>(Family::kState) == static_cast<int>(Space::kState));
static_assert(static_cast<int>(Family::kLogs) == static_cast<int>(Space::kLog));
static_assert(static_cast<int>(Family::kJournal) == static_cast<int>(Space::kJournal));
static_assert(static_cast<int>(Family::kTimers) == static_cast<int>(Space::kTimers));
static_assert(static_cast<int>(Family::kStaged) == static_cast<int>(Space::kStaged));
Family family_of(Space space) { return static_cast<Family>(space); }

std::string row_key(runtime::PartitionId partition, std::string_view key) {
  std::string out = partition_prefix(partition);
  out.append(key);
  return out;
}

}  // namespace

std::string partition_prefix(runtime::PartitionId partition) {
  return {static_cast<char>(partition >> 8), static_cast<char>(partition & 0xff)};
}

Snapshot::Snapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
Snapshot::~Snapshot() { db_.ReleaseSnapshot(snapshot_); }

Range::Range(const Store& store, Family family, const rocksdb::Snapshot* snapshot, std::string to)
    : to_(std::move(to)), bound_(std::make_unique<rocksdb::Slice>(to_)) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  if (!to_.empty()) options.iterate_upper_bound = bound_.get();
  rows_.reset(store.db().NewIterator(options, store.family(family)));
}
Range::~Range() = default;
std::string_view Range::key() const { return rows_->key().ToStringView(); }
std::string_view Range::value() const { return rows_->value().ToStringView(); }
Status Range::status() const {
  if (rows_->status().ok()) return {};
  return store_error(rows_->status(), "scanning");
}

Result<std::optional<std::string>> read_row(const Store& store, runtime::PartitionId partition,
                                            runtime::Space space, std::string_view key,
                                            const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status =
      store.db().Get(options, store.family(family_of(space)), row_key(partition, key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return store_error(status, "reading a row");
  return std::optional<std::string>(value.ToString());
}

Status read_rows(const Store& store, runtime::PartitionId partition, runtime::Space space,
                 const std::vector<std::string_view>& keys,
                 std::vector<std::optional<std::string>>& values) {
  values.clear();
  values.resize(keys.size());
  if (keys.empty()) return {};
  const std::string prefix = partition_prefix(partition);
  std::size_t bytes = 0;
  for (const std::string_view key : keys) bytes += prefix.size() + key.size();
  std::string buffer;
  buffer.reserve(bytes);
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const std::string_view key : keys) {
    const std::size_t at = buffer.size();
    buffer.append(prefix).append(key);
    slices.emplace_back(buffer.data() + at, buffer.size() - at);
  }
  const bool sorted = std::is_sorted(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  store.db().MultiGet(rocksdb::ReadOptions(), store.family(family_of(space)), slices.size(),
                      slices.data(), found.data(), statuses.data(), sorted);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      values[i].emplace(found[i].data(), found[i].size());
    } else if (!statuses[i].IsNotFound()) {
      return store_error(statuses[i], "reading rows");
    }
  }
  return {};
}

Status scan_rows(const Store& store, runtime::PartitionId partition, Space space,
                 const rocksdb::Snapshot* snapshot, std::string_view from, std::string_view to,
                 const std::function<bool(std::string_view, std::string_view)>& row) {
  const std::string prefix = partition_prefix(partition);
  Range range(store, family_of(space), snapshot,
              to.empty() ? runtime::prefix_end(prefix) : row_key(partition, to));
  for (range->Seek(row_key(partition, from)); range->Valid(); range->Next()) {
    // Without an upper bound (the last partition there can be) the family's end is the end.
    if (!row(range.key().substr(prefix.size()), range.value())) break;
  }
  return range.status();
}

std::size_t put_rows(const Store& store, rocksdb::WriteBatch& batch, const runtime::Commit& commit,
                     Space space) {
  const auto first =
      std::lower_bound(commit.rows.begin(), commit.rows.end(), space,
                       [](const Row& row, Space wanted) { return row.space < wanted; });
  rocksdb::ColumnFamilyHandle* family = store.family(family_of(space));
  const std::string prefix = partition_prefix(commit.partition);
  std::size_t count = 0;
  for (auto row = first; row != commit.rows.end() && row->space == space; ++row, ++count) {
    runtime::read_ahead(commit.rows, static_cast<std::size_t>(row - commit.rows.begin()));
    const rocksdb::Slice key[2] = {prefix, row->key};
    rocksdb::Status status;
    if (row->value.has_value()) {
      const rocksdb::Slice value[1] = {*row->value};
      status = batch.Put(family, rocksdb::SliceParts(key, 2), rocksdb::SliceParts(value, 1));
    } else {
      status = batch.Delete(family, rocksdb::SliceParts(key, 2));
    }
    LAUREL_ASSERT(status.ok());
  }
  return count;
}

}  // namespace laurel::adapters
