#include "store_format.h"

#include "laurel/adapters/disk/wire.h"
#include "laurel/runtime/keys.h"

namespace laurel::adapters::internal {
namespace {

constexpr std::uint8_t kIdentityFormat = 1;
constexpr std::uint8_t kCommitRecordFormat = 1;
constexpr std::uint8_t kChunkFormat = 1;
constexpr std::string_view kCommitRecordPrefix = "commit/";

}  // namespace

std::string catalog_key(std::uint64_t number) {
  std::string out(kCatalogPrefix);
  Writer(out).u64(number);
  return out;
}

std::string commit_record_key(runtime::PartitionId partition) {
  std::string out(kCommitRecordPrefix);
  Writer(out).u16(partition);
  return out;
}

std::string topic_prefix(std::string_view topic, runtime::PartitionId partition) {
  std::string out;
  out.reserve(topic.size() + 11);
  out.append(topic).push_back('\0');
  Writer(out).u16(partition);
  return out;
}

std::string chunk_key(std::string_view topic, runtime::PartitionId partition, std::uint64_t base) {
  std::string out = topic_prefix(topic, partition);
  Writer(out).u64(base);
  return out;
}

std::string inbox_key(runtime::PartitionId target, runtime::PartitionId source,
                      std::string_view position) {
  std::string out;
  Writer writer(out);
  writer.u16(target);
  writer.u16(source);
  out.append(position);
  return out;
}

std::string inbox_position(runtime::CommitNumber commit, std::uint32_t chunk) {
  std::string out;
  Writer writer(out);
  writer.u64(commit);
  writer.u32(chunk);
  return out;
}

std::string encode_identity(const Identity& identity) {
  std::string out;
  Writer writer(out);
  writer.u8(kIdentityFormat);
  writer.u32(identity.format);
  writer.u16(identity.partitions);
  writer.bytes(identity.uuid);
  writer.bytes(identity.secret);
  return out;
}

std::optional<Identity> decode_identity(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.u8() != kIdentityFormat) return std::nullopt;
  Identity identity;
  identity.format = reader.u32();
  identity.partitions = reader.u16();
  identity.uuid = reader.bytes();
  identity.secret = reader.bytes();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return identity;
}

std::string encode_commit_record(const CommitRecord& record) {
  std::string out;
  Writer writer(out);
  writer.u8(kCommitRecordFormat);
  writer.varint(record.number);
  writer.varint(record.epoch);
  writer.varint(record.catalog_version);
  writer.each(record.positions, [&](const std::string& position) { writer.bytes(position); });
  writer.each(record.topic_ends, [&](std::uint64_t end) { writer.varint(end); });
  return out;
}

std::optional<CommitRecord> decode_commit_record(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.u8() != kCommitRecordFormat) return std::nullopt;
  CommitRecord record;
  record.number = reader.varint();
  record.epoch = reader.varint();
  record.catalog_version = reader.varint();
  reader.each(record.positions, [&] { return std::string(reader.bytes()); });
  reader.each(record.topic_ends, [&] { return reader.varint(); });
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return record;
}

void ChunkWriter::add(const runtime::Output& record) {
  Writer writer(body_);
  writer.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(record.time_us) -
                                          static_cast<std::uint64_t>(last_time_us_)));
  writer.bytes(record.key);
  // Length + 1; 0: the type of the record before.
  if (count_ > 0 && record.type == last_type_) {
    writer.varint(0);
  } else {
    writer.varint(record.type.size() + 1);
    body_.append(record.type);
    last_type_ = record.type;
  }
  writer.bytes(record.value);
  last_time_us_ = record.time_us;
  ++count_;
}

std::string ChunkWriter::finish() const {
  std::string out;
  out.reserve(body_.size() + 11);
  Writer writer(out);
  writer.u8(kChunkFormat);
  writer.varint(count_);
  out.append(body_);
  return out;
}

bool read_chunk(std::string_view bytes, const std::function<bool(const ChunkRecord&)>& record) {
  Reader reader(bytes);
  if (reader.u8() != kChunkFormat) return false;
  ChunkRecord out;
  std::uint64_t time_us = 0;
  for (std::uint64_t left = reader.varint(); left > 0; --left) {
    time_us += static_cast<std::uint64_t>(reader.zigzag());
    out.time_us = static_cast<std::int64_t>(time_us);
    out.key = reader.bytes();
    const std::uint64_t type = reader.varint();
    if (type > 0) out.type = reader.take(type - 1);
    out.value = reader.bytes();
    if (!reader.ok()) return false;
    if (!record(out)) return true;
  }
  return reader.ok() && reader.at_end();
}

}  // namespace laurel::adapters::internal
