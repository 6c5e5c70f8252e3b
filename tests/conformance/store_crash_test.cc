// A store without a log whose process is killed: what is found is one of the states that were
// written, of all families alike.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "store_victim.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

void run_victim(const std::string& directory, int count) {
  const pid_t victim = ::fork();
  ASSERT_GE(victim, 0);
  if (victim == 0) {
    ::execl(LAUREL_STORE_VICTIM, LAUREL_STORE_VICTIM, directory.c_str(),
            std::to_string(count).c_str(), nullptr);
    std::_Exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(victim, &status, 0), victim);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(StoreWithoutLog, IsOneWriteOfAllFamiliesAfterAKill) {
  const TempDir directory;
  int before = 0;
  for (const int count : {1, 40, 137, 300, 611}) {
    ASSERT_NO_FATAL_FAILURE(run_victim(directory / "store", count));
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
