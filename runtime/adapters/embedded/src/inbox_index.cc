#include "inbox_index.h"

#include <algorithm>
#include <memory>

#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/keys.h"
#include "store_format.h"

namespace laurel::adapters::internal {
namespace {

// Where a position starts in a key: after target and source.
constexpr std::size_t kPositionAt = 4;

std::unique_ptr<rocksdb::Iterator> rows(const OpenStore& open,
                                        const rocksdb::ReadOptions& options) {
  return std::unique_ptr<rocksdb::Iterator>(
      open.store->db().NewIterator(options, open.store->family(Family::kInbox)));
}

// Appends the records of one input that are beyond `position`, as the store has them.
runtime::Status read_store(const OpenStore& open, const std::string& prefix,
                           const std::string& position, const std::string& input,
                           std::size_t bytes_max, std::size_t& bytes,
                           std::vector<runtime::InboxEntry>& entries) {
  const std::string end = runtime::prefix_end(prefix);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const auto row = rows(open, options);
  row->Seek(prefix + position);
  if (row->Valid() && row->key() == prefix + position) row->Next();
  for (; row->Valid() && bytes < bytes_max && row->key().starts_with(prefix); row->Next()) {
    entries.push_back({input, row->key().ToString().substr(kPositionAt), row->value().ToString()});
    bytes += row->value().size();
  }
  if (!row->status().ok()) return store_error(row->status(), "reading the inbox");
  return {};
}

}  // namespace

InboxIndex::InboxIndex(std::uint16_t partitions)
    : share_(std::max(kShareMin, kHeldBytesMax / partitions)) {
  for (std::uint16_t i = 0; i < partitions; ++i) {
    targets_.push_back(std::make_unique<Target>());
    targets_.back()->sources.resize(partitions);
  }
}

runtime::Status InboxIndex::load(const OpenStore& open) {
  const auto row = rows(open, {});
  const auto partitions = static_cast<runtime::PartitionId>(targets_.size());
  for (runtime::PartitionId target = 0; target < partitions; ++target) {
    for (runtime::PartitionId source = 0; source < partitions; ++source) {
      const std::string prefix = inbox_key(target, source, {});
      row->SeekForPrev(inbox_key(target, source, std::string(12, '\xff')));
      if (!row->status().ok()) return store_error(row->status(), "reading the inbox");
      if (!row->Valid() || !row->key().starts_with(prefix)) continue;
      Source& slot = targets_[target]->sources[source];
      slot.newest = slot.held_after = row->key().ToString().substr(kPositionAt);
    }
  }
  return {};
}

void InboxIndex::hold(Target& target, Source& source, std::string position,
                      const std::string& value) const {
  source.newest = position;
  if (target.bytes + value.size() > share_) return let_go(target, source, position);
  target.bytes += value.size();
  source.held.push_back({std::move(position), value});
}

void InboxIndex::let_go(Target& target, Source& source, const std::string& up_to) {
  while (!source.held.empty() && source.held.front().position <= up_to) {
    target.bytes -= source.held.front().value.size();
    source.held.pop_front();
  }
  source.held_after = std::max(source.held_after, up_to);
}

void InboxIndex::note(const runtime::Commit& commit) {
  std::uint32_t chunk = 0;
  for (const runtime::InboxRecord& record : commit.inbox) {
    Target& target = *targets_[record.target];
    const std::lock_guard lock(target.mutex);
    hold(target, target.sources[commit.partition], inbox_position(commit.number, chunk++),
         record.value);
  }
}

runtime::Result<std::vector<runtime::InboxEntry>> InboxIndex::read(const OpenStore& open,
                                                                   runtime::PartitionId id,
                                                                   const runtime::Positions& after,
                                                                   std::size_t bytes_max) {
  std::vector<runtime::InboxEntry> entries;
  std::size_t bytes = 0;
  Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  for (std::size_t i = 0; i < target.sources.size() && bytes < bytes_max; ++i) {
    Source& source = target.sources[i];
    if (source.newest.empty()) continue;
    const auto from = static_cast<runtime::PartitionId>(i);
    const std::string input = runtime::inbox_input(from);
    const auto known = after.find(input);
    const std::string position = known == after.end() ? std::string() : known->second;
    if (position >= source.newest) continue;
    if (position < source.held_after) {
      // Behind what is held: another look will come, for what follows.
      const auto status =
          read_store(open, inbox_key(id, from, {}), position, input, bytes_max, bytes, entries);
      if (!status.ok()) return status.error();
      continue;
    }
    let_go(target, source, position);
    while (!source.held.empty() && bytes < bytes_max) {
      Held& next = source.held.front();
      bytes += next.value.size();
      target.bytes -= next.value.size();
      source.held_after = next.position;
      entries.push_back({input, std::move(next.position), std::move(next.value)});
      source.held.pop_front();
    }
  }
  return entries;
}

}  // namespace laurel::adapters::internal
