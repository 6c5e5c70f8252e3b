/// What the changelog and the inbox hold (docs/formats/changelog.md).
///
///     row of state, timers, staged   "r" space key -> value, or nothing: deleted
///     rows of logs and journal       "b" space commit chunk -> packed rows
///     commit record                  "c" -> the last record of each transaction
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/runtime/engine.h"

namespace laurel::adapters::kafka {

/// What is known of a partition at a commit.
struct PartitionRecord {
  runtime::CommitNumber number = 0;
  runtime::Epoch epoch = 0;
  std::uint64_t owner = 0;  ///< random: which process wrote it
  std::uint64_t catalog_version = 0;
  /// Offset in the inbox before which all is finished.
  std::int64_t inbox_low = 0;
  runtime::Positions positions;
  std::map<std::string, std::uint64_t, std::less<>> topic_ends;  ///< topic -> next record
  bool operator==(const PartitionRecord&) const = default;
};
std::string encode_record(const PartitionRecord& record);
std::optional<PartitionRecord> decode_record(std::string_view bytes);

inline constexpr std::string_view kCommitKey = "c";
inline constexpr std::size_t kRowKeyPrefixBytes = 2;
void append_row_record_key(std::string& out, runtime::Space space, std::string_view key);
std::string packed_record_key(runtime::Space space, runtime::CommitNumber commit,
                              std::uint32_t chunk);
/// Whether rows of that space travel packed: each of their keys is written once, as good as always.
bool travels_packed(runtime::Space space);
void pack_row(std::string& chunk, const runtime::Row& row);

/// Calls `row` for each row that a record of the changelog holds, `commit` when it is a commit
/// record. False: it is none of them.
bool read_changelog(std::string_view key, std::optional<std::string_view> value,
                    const std::function<void(runtime::Space, std::string_view key,
                                             std::optional<std::string_view> value)>& row,
                    const std::function<void(PartitionRecord)>& commit);

// ---- Inbox -----------------------------------------------------------------------------------
/// source:u16 commit:u64 chunk:u32
std::string inbox_record_key(runtime::PartitionId source, runtime::CommitNumber commit,
                             std::uint32_t chunk);
/// commit:u64 chunk:u32 offset:u64: ascends per source, and names the record.
std::string inbox_position(std::string_view record_key, std::int64_t offset);
std::int64_t offset_of_position(std::string_view position);
std::optional<runtime::PartitionId> source_of(std::string_view record_key);

}  // namespace laurel::adapters::kafka
