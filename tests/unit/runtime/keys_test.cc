#include "laurel/runtime/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "laurel/contract/int128.h"

namespace laurel::runtime {
namespace {

TEST(Keys, AStateKeyIsReadBackPartByPart) {
  const std::string key = state_key("player", "p1", "ledger", std::string("a\0b", 3));
  const auto parts = parse_state_key(key);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->type, "player");
  EXPECT_EQ(parts->key, "p1");
  EXPECT_EQ(parts->table, "ledger");
  EXPECT_EQ(parts->row, std::string_view("a\0b", 3));
  EXPECT_FALSE(parse_state_key("no terminators"));
}

TEST(Keys, AnActorsRowsStandBetweenItsPrefixAndItsEnd) {
  const std::string prefix = actor_prefix("player", "p1");
  EXPECT_TRUE(state_key("player", "p1", "t", "\xff\xff").starts_with(prefix));
  EXPECT_LT(state_key("player", "p1", "t", "\xff\xff"), prefix_end(prefix));
  EXPECT_GE(state_key("player", "p1x"), prefix_end(prefix));
}

TEST(Keys, NumbersSortAsTheyCount) {
  EXPECT_LT(big_endian(255), big_endian(256));
  EXPECT_EQ(from_big_endian(big_endian(0x0123456789abcdefULL)), 0x0123456789abcdefULL);
}

// Part of the stored format: another result would send a player's wagers to a partition that does
// not know the player.
TEST(Keys, ThePartitionOfAKeyNeverChanges) {
  // Part of the stored format: another value here loses sight of every actor on disk.
  EXPECT_EQ(partition_of("p0001", 16), 13);
  EXPECT_EQ(partition_of("p0033", 16), 0);
  EXPECT_EQ(partition_of("p-0", 16), 1);
  EXPECT_EQ(partition_of("", 16), 6);
  std::set<std::uint16_t> used;
  for (int i = 0; i < 1000; ++i) used.insert(partition_of("p-" + std::to_string(i), 16));
  EXPECT_EQ(used.size(), 16U);
}

TEST(Int128, ReadsAndWritesTheWholeRangeAndNothingBeyond) {
  const char* const kMax = "170141183460469231731687303715884105727";
  const char* const kMin = "-170141183460469231731687303715884105728";
  EXPECT_EQ(to_string(*parse_int128(kMax)), kMax);
  EXPECT_EQ(to_string(*parse_int128(kMin)), kMin);
  EXPECT_FALSE(parse_int128("170141183460469231731687303715884105728"));
  EXPECT_FALSE(parse_int128("-170141183460469231731687303715884105729"));
  EXPECT_FALSE(parse_int128(""));
  EXPECT_FALSE(parse_int128("-"));
  EXPECT_FALSE(parse_int128("1e3"));
  EXPECT_FALSE(checked_add(kInt128Max, 1));
  EXPECT_EQ(to_string(floor_div(-7, 2)), "-4");
}

}  // namespace
}  // namespace laurel::runtime
