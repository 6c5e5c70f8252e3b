#include "read_side.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"

namespace laurel::adapters::internal {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

std::string row_key(runtime::PartitionId partition, std::string_view key) {
  std::string out = partition_prefix(partition);
  out.append(key);
  return out;
}

Error damaged(std::string_view what) {
  return {ErrorCode::kStoreFailed, std::string(what) +
                                       " in the database is damaged; restore the data directory "
                                       "from a backup"};
}

class Snapshot {
 public:
  explicit Snapshot(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~Snapshot() { db_.ReleaseSnapshot(snapshot_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
};

/// An iterator over [from, to), or to the end of the family when `to` is empty.
class Range {
 public:
  Range(const OpenStore& open, Family family, const rocksdb::Snapshot* snapshot, std::string to)
      : to_(std::move(to)), bound_(to_) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    if (!to_.empty()) options.iterate_upper_bound = &bound_;
    rows_.reset(open.store->db().NewIterator(options, open.store->family(family)));
  }
  rocksdb::Iterator* operator->() const { return rows_.get(); }
  std::string_view key() const { return rows_->key().ToStringView(); }
  std::string_view value() const { return rows_->value().ToStringView(); }
  /// A damaged file ends an iteration like its end does: look here after each.
  Status status() const {
    if (rows_->status().ok()) return {};
    return store_error(rows_->status(), "scanning");
  }

 private:
  const std::string to_;
  const rocksdb::Slice bound_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

Result<CommitRecord> read_commit_record(const OpenStore& open, runtime::PartitionId partition,
                                        const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = open.store->db().Get(options, open.store->family(Family::kMeta),
                                                      commit_record_key(partition), &value);
  if (status.IsNotFound()) return CommitRecord();
  if (!status.ok()) return store_error(status, "reading a commit record");
  std::optional<CommitRecord> record = decode_commit_record(value.ToStringView());
  if (!record) return damaged("a commit record");
  return std::move(*record);
}

class View final : public runtime::ReadView {
 public:
  View(std::shared_ptr<OpenStore> open, runtime::PartitionId partition)
      : open_(std::move(open)), partition_(partition), snapshot_(open_->store->db()) {}

  Status load() {
    const auto record = read_commit_record(*open_, partition_, snapshot_.get());
    if (!record.ok()) return record.error();
    commit_ = record->number;
    return {};
  }

  runtime::CommitNumber commit() const override { return commit_; }

  Result<std::optional<std::string>> get(runtime::Space space,
                                         std::string_view key) const override {
    return read_row(*open_, partition_, space, key, snapshot_.get());
  }

  Status scan(runtime::Space space, std::string_view from, std::string_view to,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    const std::string prefix = partition_prefix(partition_);
    Range range(*open_, static_cast<Family>(space), snapshot_.get(),
                to.empty() ? runtime::prefix_end(prefix) : row_key(partition_, to));
    for (range->Seek(row_key(partition_, from)); range->Valid(); range->Next()) {
      // Without an upper bound (the last partition there can be) the family's end is the end.
      if (!row(range.key().substr(prefix.size()), range.value())) break;
    }
    return range.status();
  }

 private:
  const std::shared_ptr<OpenStore> open_;
  const runtime::PartitionId partition_;
  const Snapshot snapshot_;
  runtime::CommitNumber commit_ = 0;
};

/// The topic's name, living as long as the process.
std::string_view interned(std::string_view topic) {
  for (const std::string_view known : runtime::kTopics) {
    if (known == topic) return known;
  }
  static std::mutex mutex;
  static auto& names = *new std::set<std::string, std::less<>>();  // never destroyed
  const std::lock_guard lock(mutex);
  const auto found = names.find(topic);
  return found != names.end() ? *found : *names.emplace(topic).first;
}

}  // namespace

Result<std::optional<std::string>> read_row(const OpenStore& open, runtime::PartitionId partition,
                                            runtime::Space space, std::string_view key,
                                            const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = open.store->db().Get(
      options, open.store->family(static_cast<Family>(space)), row_key(partition, key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return store_error(status, "reading a row");
  return std::optional<std::string>(value.ToString());
}

Status read_rows(const OpenStore& open, runtime::PartitionId partition, runtime::Space space,
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
  open.store->db().MultiGet(rocksdb::ReadOptions(), open.store->family(static_cast<Family>(space)),
                            slices.size(), slices.data(), found.data(), statuses.data(), sorted);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      values[i].emplace(found[i].data(), found[i].size());
    } else if (!statuses[i].IsNotFound()) {
      return store_error(statuses[i], "reading rows");
    }
  }
  return {};
}

Result<std::unique_ptr<runtime::ReadView>> make_view(std::shared_ptr<OpenStore> open,
                                                     runtime::PartitionId partition) {
  auto view = std::make_unique<View>(std::move(open), partition);
  if (const Status status = view->load(); !status.ok()) return status.error();
  return std::unique_ptr<runtime::ReadView>(std::move(view));
}

Result<std::vector<runtime::TopicRecord>> read_topic(const OpenStore& open, std::string_view topic,
                                                     runtime::PartitionId partition,
                                                     std::uint64_t from, std::size_t records_max) {
  std::vector<runtime::TopicRecord> records;
  const std::string prefix = topic_prefix(topic, partition);
  const std::string_view name = interned(topic);
  Range range(open, Family::kTopics, nullptr, runtime::prefix_end(prefix));
  // The chunk that holds `from` starts at or before it.
  range->SeekForPrev(chunk_key(topic, partition, from));
  if (!range->Valid() || !range.key().starts_with(prefix)) {
    if (Status status = range.status(); !status.ok()) return status.error();
    range->Seek(prefix);
  }
  for (; range->Valid() && records.size() < records_max; range->Next()) {
    if (!range.key().starts_with(prefix)) break;
    std::uint64_t offset = runtime::from_big_endian(range.key().substr(prefix.size()));
    const bool whole = read_chunk(range.value(), [&](const ChunkRecord& record) {
      if (offset >= from) {
        records.push_back({offset,
                           {name, std::string(record.key), std::string(record.type),
                            std::string(record.value), record.time_us}});
      }
      ++offset;
      return records.size() < records_max;
    });
    if (!whole) return damaged("a chunk of topic " + std::string(topic));
  }
  if (Status status = range.status(); !status.ok()) return status.error();
  return records;
}

Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(const OpenStore& open,
                                                             std::string_view topic,
                                                             runtime::PartitionId partition) {
  const Snapshot snapshot(open.store->db());
  const auto record = read_commit_record(open, partition, snapshot.get());
  if (!record.ok()) return record.error();
  const auto found = record->topic_ends.find(topic);
  const std::uint64_t end = found == record->topic_ends.end() ? 0 : found->second;
  const std::string prefix = topic_prefix(topic, partition);
  Range range(open, Family::kTopics, snapshot.get(), runtime::prefix_end(prefix));
  range->Seek(prefix);
  std::uint64_t first = end;
  if (range->Valid()) first = runtime::from_big_endian(range.key().substr(prefix.size()));
  if (Status status = range.status(); !status.ok()) return status.error();
  return std::pair(first, end);
}

}  // namespace laurel::adapters::internal
