// What only the embedded engine promises: its directory, its lock, and what it refuses to open.
#include "laurel/adapters/embedded/embedded_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "conformance/engine_driver.h"
#include "support/faulty_file_system.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

namespace fs = std::filesystem;
using adapters::EmbeddedEngine;
using adapters::EmbeddedOptions;
using runtime::ErrorCode;
using runtime::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Opened = runtime::Result<std::unique_ptr<EmbeddedEngine>>;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class EmbeddedEngineTest : public ::testing::Test {
 protected:
  EmbeddedEngineTest() {
    options_.data_dir = directory_ / "data";
    options_.partitions = 4;
    options_.create = true;
  }

  Opened open() { return adapters::open_embedded(options_); }
  /// Durable commits "1" to "count" of partition 0; then a crash, or a clean end.
  void fill(int count, bool clean) {
    auto engine = open();
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    EngineDriver owner(**engine, 0);
    owner.take_over();
    for (int i = 0; i < count; ++i) {
      const std::string n = std::to_string(owner.number() + 1);
      ASSERT_EQ(owner.commit({put("n", n)}, {output("k", n)}), Outcome::kDurable);
    }
    if (clean) (*engine)->close();
  }
  void expect_refused(ErrorCode code, const std::string& words) {
    const auto engine = open();
    ASSERT_FALSE(engine.ok());
    EXPECT_STREQ(name_of(engine.error().code), name_of(code)) << engine.error().message;
    EXPECT_THAT(engine.error().message, HasSubstr(words));
  }
  void expect_last_commit(runtime::CommitNumber number) {
    auto engine = open();
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    EngineDriver owner(**engine, 0);
    EXPECT_EQ(owner.take_over().last_commit, number);
    EXPECT_EQ(owner.get("n").value_or("0"), std::to_string(number));
    EXPECT_EQ(owner.topic(runtime::kTopicBalances).size(), number);
  }
  /// The log of writes that holds the most.
  std::string log_of_writes() const {
    std::string largest;
    for (const auto& entry : fs::directory_iterator(options_.data_dir + "/db")) {
      if (entry.path().extension() != ".log") continue;
      if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
    }
    return largest;
  }

  TempDir directory_;
  EmbeddedOptions options_;
};

// ---- Who may open it ---------------------------------------------------------------------------

TEST_F(EmbeddedEngineTest, ASecondNodeIsRefusedAndToldWhoHasTheDirectory) {
  auto first = open();
  ASSERT_TRUE(first.ok());
  expect_refused(ErrorCode::kDataDirInUse, "process " + std::to_string(getpid()));
  first->reset();
  EXPECT_TRUE(open().ok());
}

TEST_F(EmbeddedEngineTest, CloseGivesTheDirectoryFree) {
  auto first = open();
  ASSERT_TRUE(first.ok());
  (*first)->close();
  EXPECT_TRUE(open().ok());
}

TEST_F(EmbeddedEngineTest, AViewKeepsTheDirectoryUntilItIsDropped) {
  fill(1, true);
  auto engine = open();
  ASSERT_TRUE(engine.ok());
  auto view = (*engine)->view(0);
  ASSERT_TRUE(view.ok());
  (*engine)->close();
  engine->reset();
  EXPECT_EQ(*(*view)->get(runtime::Space::kState, "n"), "1");
  expect_refused(ErrorCode::kDataDirInUse, "in use");
  view->reset();
  EXPECT_TRUE(open().ok());
}

TEST_F(EmbeddedEngineTest, NothingIsMadeUnlessAsked) {
  options_.create = false;
  expect_refused(ErrorCode::kNotFound, "no data directory");
  EXPECT_FALSE(fs::exists(options_.data_dir));
}

TEST_F(EmbeddedEngineTest, ReadersReadBesideEachOtherAndNeverWrite) {
  fill(3, false);
  options_.create = false;
  options_.read_only = true;
  auto reader = open();
  auto other = open();
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  ASSERT_TRUE(other.ok()) << other.error().message;
  EXPECT_EQ(EngineDriver(**reader, 0).get("n"), "3");
  EXPECT_THAT(EngineDriver(**other, 0).topic(runtime::kTopicBalances), ElementsAre("1", "2", "3"));
  EXPECT_EQ((*reader)->take_over(0).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(EngineDriver(**reader, 0).commit({put("n", "4")}), Outcome::kFenced);
  options_.read_only = false;
  expect_refused(ErrorCode::kDataDirInUse, "in use");
}

// ---- Whose it is -------------------------------------------------------------------------------

TEST_F(EmbeddedEngineTest, TheNumberOfPartitionsCannotChange) {
  fill(1, true);
  options_.partitions = 8;
  expect_refused(ErrorCode::kConfigInvalid, "partitions is 8");
  expect_refused(ErrorCode::kConfigInvalid, "created with 4");
  options_.partitions = 0;
  EXPECT_EQ((*open())->partitions(), 4);
}

TEST_F(EmbeddedEngineTest, SixteenPartitionsAreMadeWhenNobodySaysHowMany) {
  options_.partitions = 0;
  EXPECT_EQ((*open())->partitions(), 16);
}

TEST_F(EmbeddedEngineTest, ADirectoryOfSomethingElseIsRefused) {
  fs::create_directories(options_.data_dir);
  write(options_.data_dir + "/IDENTITY", "somebody else's\n");
  expect_refused(ErrorCode::kDataDirForeign, "no data directory of Laurel");
}

TEST_F(EmbeddedEngineTest, ANewerFormatIsRefusedWithItsNumber) {
  fill(1, true);
  const std::string path = options_.data_dir + "/IDENTITY";
  std::string text = read(path);
  text.replace(text.find("format 1"), 8, "format 9");
  write(path, text);
  expect_refused(ErrorCode::kDataDirForeign, "format is 9");
}

TEST_F(EmbeddedEngineTest, AChangedIdentityIsRefused) {
  fill(1, true);
  const std::string path = options_.data_dir + "/IDENTITY";
  std::string text = read(path);
  text.replace(text.find("partitions 4"), 12, "partitions 8");
  write(path, text);
  options_.partitions = 0;
  expect_refused(ErrorCode::kDataDirForeign, "checksum");
}

TEST_F(EmbeddedEngineTest, ADatabaseOfAnotherDirectoryIsRefused) {
  fill(1, true);
  const std::string first = options_.data_dir;
  options_.data_dir = directory_ / "other";
  fill(1, true);
  fs::remove_all(options_.data_dir + "/db");
  fs::copy(first + "/db", options_.data_dir + "/db");
  expect_refused(ErrorCode::kDataDirForeign, "belongs to node");
}

TEST_F(EmbeddedEngineTest, ADatabaseWithoutIdentityIsNeverOverwritten) {
  fill(1, true);
  fs::remove(options_.data_dir + "/IDENTITY");
  expect_refused(ErrorCode::kDataDirForeign, "no IDENTITY");
  EXPECT_TRUE(fs::exists(options_.data_dir + "/db/CURRENT"));
}

// ---- What it lost ------------------------------------------------------------------------------

TEST_F(EmbeddedEngineTest, ADeletedLogOfWritesIsNoticed) {
  fill(5, false);
  fs::remove(log_of_writes());
  expect_refused(ErrorCode::kDataLost, "lost");
}

TEST_F(EmbeddedEngineTest, AnOlderCopyOfTheDatabaseIsNoticed) {
  fill(5, true);
  fs::copy(options_.data_dir + "/db", directory_ / "older");
  fill(1, true);
  fs::remove_all(options_.data_dir + "/db");
  fs::copy(directory_ / "older", options_.data_dir + "/db");
  expect_refused(ErrorCode::kDataLost, "ends at commit 5, but commit 6");
}

TEST_F(EmbeddedEngineTest, AMissingDatabaseIsNoticedAndNotMadeAnew) {
  fill(1, true);
  fs::remove_all(options_.data_dir + "/db");
  expect_refused(ErrorCode::kDataLost, "gone");
  EXPECT_FALSE(fs::exists(options_.data_dir + "/db"));
}

TEST_F(EmbeddedEngineTest, AMissingHighWaterIsRefusedUnlessAccepted) {
  fill(5, true);
  fs::remove(options_.data_dir + "/high-water");
  expect_refused(ErrorCode::kDataLost, "--accept-missing-high-water");
  options_.accept_missing_high_water = true;
  expect_last_commit(5);
  options_.accept_missing_high_water = false;
  expect_last_commit(5);
}

TEST_F(EmbeddedEngineTest, ADamagedSlotOfTheHighWaterLeavesTheOthers) {
  fill(5, true);
  const std::string path = options_.data_dir + "/high-water";
  std::string bytes = read(path);
  // The first slot was written when the directory was made, the second is of the commits.
  ASSERT_EQ(bytes.size(), 3 * 4096U);
  bytes[4096 + 20] = static_cast<char>(bytes[4096 + 20] ^ 1);
  write(path, bytes);
  expect_last_commit(5);
  bytes = std::string(3 * 4096, 'x');
  write(path, bytes);
  expect_refused(ErrorCode::kDataLost, "high-water");
}

TEST_F(EmbeddedEngineTest, ATornTailOfTheLogOfWritesIsWhatACrashLeaves) {
  fill(5, false);
  const std::string log = log_of_writes();
  std::string bytes = read(log);
  write(log, bytes + bytes.substr(0, 9));
  expect_last_commit(5);
}

TEST_F(EmbeddedEngineTest, ATailThatWasAcknowledgedAndIsTornIsNoticed) {
  fill(5, false);
  const std::string log = log_of_writes();
  fs::resize_file(log, fs::file_size(log) - 3);
  expect_refused(ErrorCode::kDataLost, "ends at commit 4, but commit 5");
}

TEST_F(EmbeddedEngineTest, FlippedBytesInTheMiddleOfTheLogOfWritesAreRefused) {
  fill(50, false);
  const std::string log = log_of_writes();
  std::string bytes = read(log);
  for (std::size_t i = 0; i < 4; ++i) bytes[bytes.size() / 2 + i] ^= 0x55;
  write(log, bytes);
  expect_refused(ErrorCode::kDataLost, "cannot open the database");
}

TEST_F(EmbeddedEngineTest, AnUnfinishedCreationIsBegunAnew) {
  fs::create_directories(options_.data_dir + "/db");
  write(options_.data_dir + "/CREATING", "");
  write(options_.data_dir + "/db/CURRENT", "half");
  fill(1, true);
  EXPECT_FALSE(fs::exists(options_.data_dir + "/CREATING"));
  expect_last_commit(1);
}

// ---- A store that fails ------------------------------------------------------------------------

class EmbeddedEngineFaultTest : public EmbeddedEngineTest,
                                public ::testing::WithParamInterface<FaultyFileSystem::Fault> {
 protected:
  FaultyFileSystem faults_;
};

TEST_P(EmbeddedEngineFaultTest, EverythingEndsStoreFailedUntilItIsOpenedAgain) {
  options_.store.env = faults_.env();
  {
    auto engine = open();
    ASSERT_TRUE(engine.ok());
    EngineDriver owner(**engine, 0);
    EngineDriver other(**engine, 1);
    owner.take_over();
    other.take_over();
    ASSERT_EQ(owner.commit({put("n", "1")}, {output("k", "1")}), Outcome::kDurable);
    faults_.fail(GetParam());
    EXPECT_EQ(owner.commit({put("n", "2")}, {output("k", "2")}), Outcome::kStoreFailed);
    // The disk is well again, the engine is not: it does not know what is on it.
    faults_.fail(FaultyFileSystem::Fault::kNone);
    EXPECT_EQ(owner.commit({put("n", "2")}, {output("k", "2")}), Outcome::kStoreFailed);
    EXPECT_EQ(other.commit({put("n", "1")}), Outcome::kStoreFailed);
    EXPECT_EQ((*engine)->take_over(0).error().code, ErrorCode::kStoreFailed);
    EXPECT_EQ((*engine)->get(0, runtime::Space::kState, "n").error().code, ErrorCode::kStoreFailed);
    (*engine)->close();
  }
  faults_.cut_power();
  auto engine = open();
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  EngineDriver owner(**engine, 0);
  owner.take_over();
  EXPECT_EQ(owner.number(), 1U);
  EXPECT_EQ(owner.get("n"), "1");
  ASSERT_EQ(owner.commit({put("n", "2")}, {output("k", "2")}), Outcome::kDurable);
  EXPECT_THAT(owner.topic(runtime::kTopicBalances), ElementsAre("1", "2"));
}

INSTANTIATE_TEST_SUITE_P(Faults, EmbeddedEngineFaultTest,
                         ::testing::Values(FaultyFileSystem::Fault::kDiskFull,
                                           FaultyFileSystem::Fault::kWriteError,
                                           FaultyFileSystem::Fault::kSyncError));

TEST_F(EmbeddedEngineTest, WhatIsDurableSurvivesALossOfPower) {
  FaultyFileSystem faults;
  options_.store.env = faults.env();
  fill(20, false);
  EXPECT_GE(faults.syncs(), 20U);
  faults.cut_power();
  expect_last_commit(20);
}

TEST_F(EmbeddedEngineTest, AnEpochSurvivesALossOfPower) {
  FaultyFileSystem faults;
  options_.store.env = faults.env();
  runtime::Epoch epoch = 0;
  {
    auto engine = open();
    ASSERT_TRUE(engine.ok());
    epoch = EngineDriver(**engine, 0).take_over().epoch;
  }
  faults.cut_power();
  auto engine = open();
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  EXPECT_GT(EngineDriver(**engine, 0).take_over().epoch, epoch);
}

// ---- Limits, counts ----------------------------------------------------------------------------

TEST_F(EmbeddedEngineTest, ATooLargeCommitIsRejectedAndNothingElse) {
  options_.commit_bytes_max = 1000;
  auto engine = open();
  ASSERT_TRUE(engine.ok());
  EngineDriver owner(**engine, 0);
  owner.take_over();
  EXPECT_EQ(owner.commit({put("a", std::string(1000, 'x'))}), Outcome::kRejected);
  EXPECT_EQ(owner.commit({put("a", "small")}), Outcome::kDurable);
}

TEST_F(EmbeddedEngineTest, ItCountsWhatItWrote) {
  auto engine = open();
  ASSERT_TRUE(engine.ok());
  EngineDriver owner(**engine, 0);
  owner.take_over();
  ASSERT_EQ(owner.commit({put("a", "1"), put("b", "2")}, {output("k", "v")}), Outcome::kDurable);
  const adapters::EmbeddedStats stats = (*engine)->stats();
  EXPECT_EQ(stats.groups, 1U);
  EXPECT_EQ(stats.commits, 1U);
  EXPECT_EQ(stats.rows, 3U);
  EXPECT_GT(stats.bytes, 0U);
  EXPECT_GT(stats.memtables_bytes, 0U);
  EXPECT_TRUE((*engine)->verify().ok());
}

TEST_F(EmbeddedEngineTest, OldRecordsOfATopicAreDroppedBySizeAndTheBoundsSaySo) {
  options_.store.topic_memtable_bytes = 64U << 10;
  options_.store.topic_bytes_max = 256U << 10;
  std::uint64_t end = 0;
  for (int round = 0; round < 8; ++round) {
    auto engine = open();
    ASSERT_TRUE(engine.ok());
    EngineDriver owner(**engine, 0);
    owner.take_over();
    for (int i = 0; i < 20; ++i) {
      // Does not compress.
      std::string value(5000, '\0');
      std::uint32_t seed = static_cast<std::uint32_t>(++end);
      for (char& c : value) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
      ASSERT_EQ(owner.commit({}, {output("k", value)}), Outcome::kDurable);
    }
    (*engine)->close();
  }
  auto engine = open();
  ASSERT_TRUE(engine.ok());
  const auto bounds = (*engine)->topic_bounds(runtime::kTopicBalances, 0);
  ASSERT_TRUE(bounds.ok());
  EXPECT_GT(bounds->first, 0U);
  EXPECT_EQ(bounds->second, end);
  const auto records = (*engine)->read_topic(runtime::kTopicBalances, 0, 0, 1000);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), bounds->second - bounds->first);
  EXPECT_EQ(records->front().offset, bounds->first);
}

}  // namespace
}  // namespace laurel::testing
