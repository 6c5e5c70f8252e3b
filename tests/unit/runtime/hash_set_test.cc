// A set of hashes beside the standard library's.
#include "hash_set.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

namespace laurel::runtime::internal {
namespace {

TEST(HashSetTest, HoldsWhatWasAddedAndNothingElse) {
  std::mt19937_64 random(7);
  HashSet set;
  std::unordered_set<std::size_t> expected;
  EXPECT_FALSE(set.contains(5));
  for (int i = 0; i < 3'000; ++i) {
    // Few low bits, so that places are shared and the end is gone over.
    const std::size_t hash =
        ((random() % 4096) << 20U) | (random() % 64 == 0 ? 0xfffffU : random() % 512);
    if (hash < 2) continue;
    EXPECT_EQ(set.insert(hash), expected.insert(hash).second);
    const std::size_t other = ((random() % 4096) << 20U) | 77U;
    EXPECT_EQ(set.contains(other), expected.contains(other));
  }
  EXPECT_EQ(set.size(), expected.size());
  for (const std::size_t hash : expected) EXPECT_TRUE(set.contains(hash));
}

TEST(HashSetTest, AllThatWasAddedIsThereWhateverItsHigherBits) {
  HashSet set;
  EXPECT_TRUE(set.insert(std::size_t{7} << 32U | 99U));
  EXPECT_TRUE(set.contains(std::size_t{7} << 32U | 99U));
  EXPECT_TRUE(set.contains(99));  // a question too many
}

TEST(HashSetTest, TheHashOfNothingCountsAsItsNeighbour) {
  HashSet set;
  EXPECT_TRUE(set.insert(0));
  EXPECT_TRUE(set.contains(0));
  EXPECT_TRUE(set.contains(1));
  EXPECT_FALSE(set.insert(1));
  EXPECT_FALSE(set.contains(2));
}

}  // namespace
}  // namespace laurel::runtime::internal
