// The stored bytes of tests/data/formats: written by this version, and read by every later one.
#include "store_format.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data_dir.h"
#include "high_water.h"
#include "laurel/adapters/disk/checksum.h"
#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/disk/wire.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "support/golden.h"
#include "support/temp_dir.h"

namespace laurel::adapters::internal {
namespace {

using testing::golden;
using testing::golden_text;
using testing::hex;

Identity sample_identity() {
  return {.partitions = 16,
          .uuid = "0f8fad5b-d9cb-469f-a165-70867728950e",
          .secret = "0123456789abcdefghijklmnopqrstuv"};
}

CommitRecord sample_record() {
  return {.number = 300,
          .epoch = 5,
          .catalog_version = 2,
          .positions = {{"wagers/0", "1771264800"}, {"wagers/1", std::string("\0\xff", 2)}},
          .topic_ends = {{"balances", 1000}, {"ledger", 70'000}}};
}

const std::vector<runtime::Output>& sample_outputs() {
  static const std::vector<runtime::Output> outputs = {
      {"ledger", "p1", "type.a", "v1", 1'771'264'800'000'000},
      {"ledger", "p2", "type.a", "", 1'771'264'800'000'001},
      {"ledger", "", "type.b", "v3", -1}};
  return outputs;
}

TEST(StoreFormat, KeysAreThoseOfTheGoldenFile) {
  const std::string keys = hex(kIdentityKey) + hex(commit_record_key(258)) +
                           hex(partition_prefix(258)) + hex(chunk_key("ledger", 258, 70'000));
  EXPECT_EQ(keys, hex(golden("keys.hex")));
}

TEST(StoreFormat, CatalogKeysAreThoseOfTheGoldenFile) {
  EXPECT_EQ(hex(catalog_key(258)), hex(golden("catalog-key.hex")));
}

TEST(StoreFormat, AnIdentityIsWrittenAndReadAsBefore) {
  EXPECT_EQ(hex(encode_identity(sample_identity())), hex(golden("identity.hex")));
  EXPECT_EQ(decode_identity(golden("identity.hex")), sample_identity());
}

TEST(StoreFormat, ACommitRecordIsWrittenAndReadAsBefore) {
  EXPECT_EQ(hex(encode_commit_record(sample_record())), hex(golden("commit-record.hex")));
  EXPECT_EQ(decode_commit_record(golden("commit-record.hex")), sample_record());
}

TEST(StoreFormat, AChunkOfATopicIsWrittenAndReadAsBefore) {
  ChunkWriter chunk;
  for (const runtime::Output& record : sample_outputs()) chunk.add(record);
  EXPECT_EQ(hex(chunk.finish()), hex(golden("topic-chunk.hex")));
  std::size_t i = 0;
  EXPECT_TRUE(read_chunk(golden("topic-chunk.hex"), [&i](const ChunkRecord& record) {
    const runtime::Output& expected = sample_outputs().at(i++);
    EXPECT_EQ(record.key, expected.key);
    EXPECT_EQ(record.type, expected.type);
    EXPECT_EQ(record.value, expected.value);
    EXPECT_EQ(record.time_us, expected.time_us);
    return true;
  }));
  EXPECT_EQ(i, sample_outputs().size());
}

TEST(StoreFormat, AnIdentityFileIsWrittenAndReadAsBefore) {
  const IdentityFile expected = identity_file_of(sample_identity());
  EXPECT_EQ(encode_identity_file(expected), golden_text("IDENTITY"));
  const auto read = decode_identity_file(golden_text("IDENTITY"), "IDENTITY");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->format, 1U);
  EXPECT_EQ(read->partitions, 16);
  EXPECT_EQ(read->uuid, expected.uuid);
  EXPECT_EQ(read->secret_check, expected.secret_check);
}

TEST(StoreFormat, AHighWaterIsWrittenAndReadAsBefore) {
  const testing::TempDir directory;
  const std::string path = directory / "high-water";
  const std::string slot = golden("high-water-slot.hex");
  ASSERT_TRUE(HighWater::create(path, {7, 0, 70'000}).ok());
  const std::string written = read_file(path).value_or("");
  EXPECT_EQ(written.size(), 3 * 4096U);
  EXPECT_EQ(hex(written.substr(0, slot.size())), hex(slot));

  std::string bytes = slot;
  bytes.resize(3 * 4096, '\0');
  ASSERT_TRUE(write_file_durably(path, bytes).ok());
  EXPECT_EQ(HighWater::read(path, 3), (std::vector<runtime::CommitNumber>{7, 0, 70'000}));
}

TEST(StoreFormat, NoPrefixOfAValueIsAValue) {
  const std::string record = golden("commit-record.hex");
  const std::string identity = golden("identity.hex");
  const std::string chunk = golden("topic-chunk.hex");
  const auto all = [](const ChunkRecord&) { return true; };
  for (std::size_t n = 0; n < record.size(); ++n) {
    EXPECT_FALSE(decode_commit_record(record.substr(0, n)).has_value());
  }
  for (std::size_t n = 0; n < identity.size(); ++n) {
    EXPECT_FALSE(decode_identity(identity.substr(0, n)).has_value());
  }
  for (std::size_t n = 0; n < chunk.size(); ++n) {
    EXPECT_FALSE(read_chunk(chunk.substr(0, n), all));
  }
  EXPECT_FALSE(decode_commit_record(record + "x").has_value());
  EXPECT_FALSE(read_chunk(chunk + "x", all));
}

TEST(StoreFormat, AnUnknownFormatByteIsRefused) {
  std::string record = golden("commit-record.hex");
  record[0] = 2;
  EXPECT_FALSE(decode_commit_record(record).has_value());
  std::string chunk = golden("topic-chunk.hex");
  chunk[0] = 2;
  EXPECT_FALSE(read_chunk(chunk, [](const ChunkRecord&) { return true; }));
}

TEST(Wire, NumbersOfEverySizeComeBack) {
  std::string bytes;
  Writer writer(bytes);
  const std::vector<std::uint64_t> values = {0, 1, 127, 128, 16'383, 16'384, ~0ULL};
  for (const std::uint64_t value : values) {
    writer.varint(value);
    writer.zigzag(static_cast<std::int64_t>(value));
    writer.u64(value);
  }
  Reader reader(bytes);
  for (const std::uint64_t value : values) {
    EXPECT_EQ(reader.varint(), value);
    EXPECT_EQ(reader.zigzag(), static_cast<std::int64_t>(value));
    EXPECT_EQ(reader.u64(), value);
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(Wire, AVarintOfMoreThan64BitsIsMalformed) {
  Reader reader(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  static_cast<void>(reader.varint());
  EXPECT_FALSE(reader.ok());
}

TEST(Checksum, IsCrc32c) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c_by_table("123456789"), 0xe3069283U);
}

TEST(Checksum, IsTheSameByInstructionByTableAndInPieces) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_by_table(bytes));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      EXPECT_EQ(crc32c(bytes.substr(cut), crc32c(bytes.substr(0, cut))), crc32c(bytes));
    }
    bytes.push_back(static_cast<char>(i * 37 + 128));
  }
}

TEST(HighWaterFile, ATornWriteLeavesWhatWasSyncedBefore) {
  const testing::TempDir directory;
  const std::string path = directory / "high-water";
  ASSERT_TRUE(HighWater::create(path, {0}).ok());
  for (runtime::CommitNumber n = 1; n <= 7; ++n) {
    {
      auto file = HighWater::open(path, 1);
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE((*file)->record({{0, n}}).ok());
      ASSERT_TRUE((*file)->sync().ok());
      ASSERT_TRUE((*file)->record({{0, 1000}}).ok());
    }
    // Whatever of the unsynced slot reached the disk.
    std::string bytes = read_file(path).value_or("");
    const std::size_t torn = bytes.find(std::string("\0\0\0\0\0\0\x03\xe8", 8));
    ASSERT_NE(torn, std::string::npos);
    bytes[torn] = 'x';
    ASSERT_TRUE(write_file_durably(path, bytes).ok());
    EXPECT_EQ(HighWater::read(path, 1), std::vector<runtime::CommitNumber>{n});
  }
}

TEST(HighWaterFile, AnotherNumberOfPartitionsIsNoHighWaterOfThisDirectory) {
  const testing::TempDir directory;
  ASSERT_TRUE(HighWater::create(directory / "high-water", {1, 2}).ok());
  EXPECT_EQ(HighWater::read(directory / "high-water", 3), std::nullopt);
}

}  // namespace
}  // namespace laurel::adapters::internal
