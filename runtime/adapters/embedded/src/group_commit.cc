#include "group_commit.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "laurel/adapters/rocksdb/rows.h"
#include "laurel/adapters/rocksdb/status.h"
#include "laurel/runtime/read_ahead.h"

namespace laurel::adapters::internal {
void put_commit_record(const OpenStore& open, rocksdb::WriteBatch& batch,
                       runtime::PartitionId partition, const CommitRecord& record) {
  const rocksdb::Status status =
      batch.Put(open.store->family(Family::kMeta), commit_record_key(partition),
                encode_commit_record(record));
  LAUREL_ASSERT(status.ok());
}

// Family by family and ascending within it: each insert into a memtable starts where the one before
// ended, which is most of the cost of a row saved.
void GroupCommit::encode(const OpenStore& open, std::vector<GroupMember>& members) {
  batch_.Clear();
  rows_ = 0;
  std::sort(members.begin(), members.end(), [](const GroupMember& a, const GroupMember& b) {
    return a.commit->partition < b.commit->partition;
  });
  for (std::size_t space = 0; space < runtime::kSpaceCount; ++space) {
    for (const GroupMember& member : members) {
      rows_ += put_rows(*open.store, batch_, *member.commit, static_cast<runtime::Space>(space));
    }
  }
  for (const GroupMember& member : members) add_inbox(open, member);
  for (GroupMember& member : members) add_outputs(open, member);
  for (GroupMember& member : members) {
    const runtime::Commit& commit = *member.commit;
    member.record.number = commit.number;
    member.record.catalog_version = commit.catalog_version;
    for (const auto& [input, position] : commit.positions) {
      member.record.positions[input] = position;
    }
    put_commit_record(open, batch_, commit.partition, member.record);
  }
}

void GroupCommit::add_inbox(const OpenStore& open, const GroupMember& member) {
  const runtime::Commit& commit = *member.commit;
  rocksdb::ColumnFamilyHandle* family = open.store->family(Family::kInbox);
  std::uint32_t chunk = 0;
  for (const runtime::InboxRecord& record : commit.inbox) {
    const rocksdb::Status status = batch_.Put(
        family, inbox_key(record.target, commit.partition, inbox_position(commit.number, chunk++)),
        record.value);
    LAUREL_ASSERT(status.ok());
    ++rows_;
  }
  for (const auto& [input, position] : commit.inbox_finished) {
    const std::optional<runtime::PartitionId> source = runtime::inbox_source(input);
    LAUREL_ASSERT(source.has_value());
    const rocksdb::Status status =
        batch_.Delete(family, inbox_key(commit.partition, *source, position));
    LAUREL_ASSERT(status.ok());
    ++rows_;
  }
}

void GroupCommit::add_outputs(const OpenStore& open, GroupMember& member) {
  std::map<std::string_view, ChunkWriter> chunks;
  const std::vector<runtime::Output>& outputs = member.commit->outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    runtime::read_ahead(outputs, i);
    chunks[outputs[i].topic].add(outputs[i]);
  }
  for (const auto& [topic, chunk] : chunks) {
    auto end = member.record.topic_ends.find(topic);
    if (end == member.record.topic_ends.end()) {
      end = member.record.topic_ends.emplace(topic, 0).first;
    }
    const rocksdb::Status status =
        batch_.Put(open.store->family(Family::kTopics),
                   chunk_key(topic, member.commit->partition, end->second), chunk.finish());
    LAUREL_ASSERT(status.ok());
    end->second += chunk.size();
    ++rows_;
  }
}

runtime::Status GroupCommit::write(const OpenStore& open) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = open.store->db().Write(options, &batch_);
  if (!status.ok()) return store_error(status, "writing a commit");
  return {};
}

}  // namespace laurel::adapters::internal
