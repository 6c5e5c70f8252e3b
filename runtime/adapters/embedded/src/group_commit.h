/// GroupCommit: puts the commits of several partitions into one batch and writes it.
///
/// Threads    One object per commit thread.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "laurel/runtime/engine.h"
#include "open_store.h"

namespace laurel::adapters::internal {

/// One commit of the group and what will be known of its partition once it is durable.
struct GroupMember {
  std::shared_ptr<const runtime::Commit> commit;
  CommitRecord record;  ///< in: before the commit; out: after it
};

class GroupCommit {
 public:
  /// Fills the batch. The members are put in order of their partition.
  void encode(const OpenStore& open, std::vector<GroupMember>& members);
  /// Writes it with one fsync.
  runtime::Status write(const OpenStore& open);
  std::uint64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return batch_.GetDataSize(); }

 private:
  void add_inbox(const OpenStore& open, const GroupMember& member);
  void add_outputs(const OpenStore& open, GroupMember& member);

  rocksdb::WriteBatch batch_;
  std::uint64_t rows_ = 0;
};

/// Adds the record to the batch.
void put_commit_record(const OpenStore& open, rocksdb::WriteBatch& batch,
                       runtime::PartitionId partition, const CommitRecord& record);

}  // namespace laurel::adapters::internal
