#include "inbox_index.h"

#include <memory>

#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/keys.h"
#include "store_format.h"

namespace laurel::adapters::internal {
namespace {

// Where a position starts in a key: after target and source.
constexpr std::size_t kPositionAt = 4;

runtime::CommitNumber commit_of(std::string_view position) {
  return runtime::from_big_endian(position.substr(0, 8));
}

std::unique_ptr<rocksdb::Iterator> rows(const OpenStore& open,
                                        const rocksdb::ReadOptions& options) {
  return std::unique_ptr<rocksdb::Iterator>(
      open.store->db().NewIterator(options, open.store->family(Family::kInbox)));
}

}  // namespace

runtime::Status InboxIndex::load(const OpenStore& open) {
  const auto row = rows(open, {});
  for (runtime::PartitionId target = 0; target < partitions_; ++target) {
    for (runtime::PartitionId source = 0; source < partitions_; ++source) {
      const std::string prefix = inbox_key(target, source, {});
      row->SeekForPrev(inbox_key(target, source, std::string(12, '\xff')));
      if (!row->status().ok()) return store_error(row->status(), "reading the inbox");
      if (!row->Valid() || !row->key().starts_with(prefix)) continue;
      newest(target, source) = commit_of(row->key().ToStringView().substr(kPositionAt));
    }
  }
  return {};
}

void InboxIndex::note(const runtime::Commit& commit) {
  for (const runtime::InboxRecord& record : commit.inbox) {
    newest(record.target, commit.partition).store(commit.number, std::memory_order_release);
  }
}

runtime::Result<std::vector<runtime::InboxEntry>> InboxIndex::read(const OpenStore& open,
                                                                   runtime::PartitionId target,
                                                                   const runtime::Positions& after,
                                                                   std::size_t bytes_max) const {
  std::vector<runtime::InboxEntry> entries;
  std::size_t bytes = 0;
  for (runtime::PartitionId source = 0; source < partitions_ && bytes < bytes_max; ++source) {
    const auto& slot = newest_[std::size_t{target} * partitions_ + source];
    const runtime::CommitNumber newest = slot.load(std::memory_order_acquire);
    if (newest == 0) continue;
    const std::string input = inbox_input(source);
    const auto from = after.find(input);
    const std::string position = from == after.end() ? std::string() : from->second;
    if (position.size() == 12 && commit_of(position) > newest) continue;
    const std::string prefix = inbox_key(target, source, {});
    const std::string end = runtime::prefix_end(prefix);
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions options;
    if (!end.empty()) options.iterate_upper_bound = &bound;
    const auto row = rows(open, options);
    row->Seek(prefix + position);
    if (row->Valid() && row->key() == prefix + position) row->Next();
    for (; row->Valid() && bytes < bytes_max && row->key().starts_with(prefix); row->Next()) {
      entries.push_back(
          {input, row->key().ToString().substr(kPositionAt), row->value().ToString()});
      bytes += row->value().size();
    }
    if (!row->status().ok()) return store_error(row->status(), "reading the inbox");
  }
  return entries;
}

}  // namespace laurel::adapters::internal
