#include "read_side.h"

#include <algorithm>

#include "laurel/adapters/rocksdb/rows.h"
#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"

namespace laurel::adapters::internal {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

Error damaged(std::string_view what) {
  return {ErrorCode::kStoreFailed, std::string(what) +
                                       " in the database is damaged; restore the data directory "
                                       "from a backup"};
}

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
    return read_row(*open_->store, partition_, space, key, snapshot_.get());
  }

  Status scan(runtime::Space space, std::string_view from, std::string_view to,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    return scan_rows(*open_->store, partition_, space, snapshot_.get(), from, to, row);
  }

 private:
  const std::shared_ptr<OpenStore> open_;
  const runtime::PartitionId partition_;
  const Snapshot snapshot_;
  runtime::CommitNumber commit_ = 0;
};

}  // namespace

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
  const std::string_view name = runtime::interned_topic(topic);
  Range range(*open.store, Family::kTopics, nullptr, runtime::prefix_end(prefix));
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
  Range range(*open.store, Family::kTopics, snapshot.get(), runtime::prefix_end(prefix));
  range->Seek(prefix);
  std::uint64_t first = end;
  if (range->Valid()) first = runtime::from_big_endian(range.key().substr(prefix.size()));
  if (Status status = range.status(); !status.ok()) return status.error();
  return std::pair(first, end);
}

}  // namespace laurel::adapters::internal
