// A store without a log whose process is killed: what is found is one of the states that were
// written, of all families alike.
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>

#include "laurel/adapters/rocksdb/store.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

using adapters::Family;
using adapters::Store;
using adapters::StoreOptions;

// Of very different sizes, so that each would be flushed at another time.
constexpr struct {
  Family family;
  std::size_t bytes;
} kWritten[] = {{Family::kJournal, 4000}, {Family::kState, 300}, {Family::kMeta, 8}};

StoreOptions options_of(const std::string& path) {
  StoreOptions options;
  options.path = path;
  options.create = true;
  options.log = false;
  options.cache_bytes = std::size_t{64} << 20;
  options.memtable_bytes = std::size_t{256} << 10;
  return options;
}

void write(Store& store, int number) {
  rocksdb::WriteBatch batch;
  for (const auto& [family, bytes] : kWritten) {
    std::string value = std::to_string(number);
    value.resize(std::max(bytes, value.size() + 1), ' ');
    ASSERT_TRUE(batch.Put(store.family(family), "last", value).ok());
    ASSERT_TRUE(batch.Put(store.family(family), "n" + std::to_string(number), value).ok());
  }
  rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  ASSERT_TRUE(store.db().Write(without_log, &batch).ok());
}

int last_of(const Store& store, Family family) {
  std::string value;
  const auto status = store.db().Get(rocksdb::ReadOptions(), store.family(family), "last", &value);
  return status.ok() ? std::stoi(value) : 0;
}

// What is killed is a process of its own, not a fork: RocksDB's threads do not come along.
constexpr const char* kDirectory = "LAUREL_TEST_STORE";
constexpr const char* kCount = "LAUREL_TEST_STORE_WRITES";

TEST(StoreWithoutLog, DISABLED_WritesUntilItIsKilled) {
  const char* directory = std::getenv(kDirectory);
  const char* count = std::getenv(kCount);
  if (directory == nullptr || count == nullptr) GTEST_SKIP() << "run by the other test only";
  auto store = Store::open(options_of(directory));
  ASSERT_TRUE(store.ok()) << store.error().message;
  const int from = last_of(**store, Family::kState);
  for (int i = 1; i <= std::stoi(count); ++i) write(**store, from + i);
  static_cast<void>(::kill(::getpid(), SIGKILL));
}

void run_and_kill(const std::string& directory, int count) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::setenv(kDirectory, directory.c_str(), 1);
    ::setenv(kCount, std::to_string(count).c_str(), 1);
    ::execl("/proc/self/exe", "store_crash_test", "--gtest_also_run_disabled_tests",
            "--gtest_filter=*WritesUntilItIsKilled", nullptr);
    std::_Exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(StoreWithoutLog, IsOneWriteOfAllFamiliesAfterAKill) {
  const TempDir directory;
  int before = 0;
  for (const int count : {1, 40, 137, 300, 611}) {
    ASSERT_NO_FATAL_FAILURE(run_and_kill(directory / "store", count));
    auto store = Store::open(options_of(directory / "store"));
    ASSERT_TRUE(store.ok()) << store.error().message;
    const int found = last_of(**store, Family::kState);
    EXPECT_GE(found, before);
    EXPECT_LE(found, before + count);
    if (count > 500) {
      EXPECT_GT(found, before);  // or nothing would be tested
    }
    for (const auto& [family, bytes] : kWritten) {
      EXPECT_EQ(last_of(**store, family), found);
      std::string value;
      for (int number = 1; number <= before + count; ++number) {
        const bool there = (*store)
                               ->db()
                               .Get(rocksdb::ReadOptions(), (*store)->family(family),
                                    "n" + std::to_string(number), &value)
                               .ok();
        ASSERT_EQ(there, number <= found) << number;
      }
    }
    before = found;
  }
}

}  // namespace
}  // namespace laurel::testing
