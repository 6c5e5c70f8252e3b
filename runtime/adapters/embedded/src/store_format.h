/// What the engine itself stores: identity, commit records, topic chunks (docs/formats/store.md,
/// docs/formats/topics.md). Every value starts with its format byte.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/runtime/engine.h"

namespace laurel::adapters::internal {

/// Version of the directory as a whole. A higher one is refused.
inline constexpr std::uint32_t kFormatVersion = 1;

struct Identity {
  std::uint32_t format = kFormatVersion;
  std::uint16_t partitions = 0;
  std::string uuid;    ///< 36 characters
  std::string secret;  ///< 32 bytes
  bool operator==(const Identity&) const = default;
};

/// What is known of a partition at its last durable commit.
struct CommitRecord {
  runtime::CommitNumber number = 0;
  runtime::Epoch epoch = 0;
  std::uint64_t catalog_version = 0;
  std::map<std::string, std::string> positions;
  std::map<std::string, std::uint64_t, std::less<>> topic_ends;  ///< topic -> next offset
  bool operator==(const CommitRecord&) const = default;
};

// ---- Keys ------------------------------------------------------------------------------------
inline constexpr std::string_view kIdentityKey = "identity";
inline constexpr std::string_view kCatalogPrefix = "catalog/";
/// Of a version of the catalog: numbers ascend as keys do.
std::string catalog_key(std::uint64_t number);
std::string commit_record_key(runtime::PartitionId partition);
/// topic 0 partition: what every chunk of it starts with.
std::string topic_prefix(std::string_view topic, runtime::PartitionId partition);
std::string chunk_key(std::string_view topic, runtime::PartitionId partition, std::uint64_t base);

/// target source position: ascends per source in order of its commits.
std::string inbox_key(runtime::PartitionId target, runtime::PartitionId source,
                      std::string_view position);
/// commit:u64 chunk:u32; also what a target keeps as its position in the input of that source.
std::string inbox_position(runtime::CommitNumber commit, std::uint32_t chunk);

// ---- Values ----------------------------------------------------------------------------------
std::string encode_identity(const Identity& identity);
std::optional<Identity> decode_identity(std::string_view bytes);
std::string encode_commit_record(const CommitRecord& record);
std::optional<CommitRecord> decode_commit_record(std::string_view bytes);

/// Packs the records of one topic, partition and commit.
class ChunkWriter {
 public:
  void add(const runtime::Output& record);
  std::uint64_t size() const { return count_; }
  std::string finish() const;

 private:
  std::uint64_t count_ = 0;
  std::int64_t last_time_us_ = 0;
  std::string last_type_;
  std::string body_;
};

struct ChunkRecord {
  std::string_view key;
  std::string_view type;
  std::string_view value;
  std::int64_t time_us = 0;
};
/// Calls `record` for each, until it returns false. False: the bytes are no chunk.
bool read_chunk(std::string_view bytes, const std::function<bool(const ChunkRecord&)>& record);

}  // namespace laurel::adapters::internal
