#include "changelog_format.h"

#include "laurel/adapters/disk/wire.h"

namespace laurel::adapters::kafka {
namespace {

constexpr std::uint8_t kRecordFormat = 1;
constexpr std::uint8_t kPackedFormat = 1;
constexpr char kRow = 'r';
constexpr char kPacked = 'b';
constexpr std::size_t kInboxKeyBytes = 14;
constexpr std::size_t kPositionBytes = 20;

std::optional<runtime::Space> space_of(char byte) {
  const auto number = static_cast<unsigned char>(byte);
  if (number >= runtime::kSpaceCount) return std::nullopt;
  return static_cast<runtime::Space>(number);
}

bool read_packed(std::string_view bytes, runtime::Space space,
                 const std::function<void(runtime::Space, std::string_view,
                                          std::optional<std::string_view>)>& row) {
  Reader reader(bytes);
  if (reader.u8() != kPackedFormat) return false;
  while (reader.ok() && !reader.at_end()) {
    const std::string_view key = reader.bytes();
    const std::uint64_t size = reader.varint();  // length + 1; 0: deleted
    std::optional<std::string_view> value;
    if (size > 0) value = reader.take(size - 1);
    if (reader.ok()) row(space, key, value);
  }
  return reader.ok();
}

}  // namespace

std::string encode_record(const PartitionRecord& record) {
  std::string out;
  Writer writer(out);
  writer.u8(kRecordFormat);
  writer.varint(record.number);
  writer.varint(record.epoch);
  writer.u64(record.owner);
  writer.varint(record.catalog_version);
  writer.varint(static_cast<std::uint64_t>(record.inbox_low));
  writer.each(record.positions, [&](const std::string& position) { writer.bytes(position); });
  writer.each(record.topic_ends, [&](std::uint64_t end) { writer.varint(end); });
  return out;
}

std::optional<PartitionRecord> decode_record(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.u8() != kRecordFormat) return std::nullopt;
  PartitionRecord record;
  record.number = reader.varint();
  record.epoch = reader.varint();
  record.owner = reader.u64();
  record.catalog_version = reader.varint();
  record.inbox_low = static_cast<std::int64_t>(reader.varint());
  reader.each(record.positions, [&] { return std::string(reader.bytes()); });
  reader.each(record.topic_ends, [&] { return reader.varint(); });
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return record;
}

void append_row_record_key(std::string& out, runtime::Space space, std::string_view key) {
  out.push_back(kRow);
  out.push_back(static_cast<char>(space));
  out.append(key);
}

std::string packed_record_key(runtime::Space space, runtime::CommitNumber commit,
                              std::uint32_t chunk) {
  std::string out{kPacked, static_cast<char>(space)};
  Writer writer(out);
  writer.u64(commit);
  writer.u32(chunk);
  return out;
}

bool travels_packed(runtime::Space space) {
  return space == runtime::Space::kLog || space == runtime::Space::kJournal;
}

void pack_row(std::string& chunk, const runtime::Row& row) {
  Writer writer(chunk);
  if (chunk.empty()) writer.u8(kPackedFormat);
  writer.bytes(row.key);
  writer.varint(row.value ? row.value->size() + 1 : 0);
  if (row.value) chunk.append(*row.value);
}

bool read_changelog(std::string_view key, std::optional<std::string_view> value,
                    const std::function<void(runtime::Space, std::string_view,
                                             std::optional<std::string_view>)>& row,
                    const std::function<void(PartitionRecord)>& commit) {
  if (key == kCommitKey) {
    auto record = value ? decode_record(*value) : std::nullopt;
    if (!record) return false;
    commit(std::move(*record));
    return true;
  }
  if (key.size() < 2) return false;
  const auto space = space_of(key[1]);
  if (!space) return false;
  if (key[0] == kRow) {
    row(*space, key.substr(2), value);
    return true;
  }
  if (key[0] == kPacked) return !value || read_packed(*value, *space, row);
  return false;
}

std::string inbox_record_key(runtime::PartitionId source, runtime::CommitNumber commit,
                             std::uint32_t chunk) {
  std::string out;
  Writer writer(out);
  writer.u16(source);
  writer.u64(commit);
  writer.u32(chunk);
  return out;
}

std::string inbox_position(std::string_view record_key, std::int64_t offset) {
  LAUREL_ASSERT(record_key.size() == kInboxKeyBytes);
  std::string out(record_key.substr(2));
  Writer(out).u64(static_cast<std::uint64_t>(offset));
  return out;
}

std::int64_t offset_of_position(std::string_view position) {
  LAUREL_ASSERT(position.size() == kPositionBytes);
  return static_cast<std::int64_t>(Reader(position.substr(12)).u64());
}

std::optional<runtime::PartitionId> source_of(std::string_view record_key) {
  if (record_key.size() != kInboxKeyBytes) return std::nullopt;
  return static_cast<runtime::PartitionId>(Reader(record_key).u16());
}

}  // namespace laurel::adapters::kafka
