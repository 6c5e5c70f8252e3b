#include "laurel/ranked/loader.h"

#include "oracle.h"

namespace laurel::ranked {
namespace {

using testing::Board;
using testing::Dice;
using testing::expect_same;
using testing::Member;

void load(bool sorted, bool indexed, std::size_t members) {
  Dice dice(3, 1, 50);
  Board board;
  for (std::size_t i = 0; i < members; ++i) board.push_back(dice.member());
  if (sorted) std::sort(board.begin(), board.end());
  RankedTree tree({.member_index = indexed});
  RankedLoader loader(tree);
  for (const Member& member : board) ASSERT_TRUE(loader.add(member.row()));
  EXPECT_EQ(loader.finish(12), 0U);
  std::sort(board.begin(), board.end());
  EXPECT_EQ(tree.committed().commit(), 12U);
  ASSERT_NO_FATAL_FAILURE(expect_same(tree.committed(), board));
  // It is a table like any other.
  for (int i = 0; i < 200 && !board.empty(); ++i) {
    const Member member = take(board, dice.below(board.size()));
    ASSERT_TRUE(tree.erase(member.row()));
  }
  ASSERT_NO_FATAL_FAILURE(expect_same(tree.open(), board));
  tree.abort();
  EXPECT_EQ(tree.open().size(), members);
}

TEST(RankedLoader, BuildsFromRowsInOrder) { load(true, false, 3000); }
TEST(RankedLoader, BuildsFromRowsInAnyOrder) { load(false, false, 3000); }
TEST(RankedLoader, BuildsTheMemberIndexToo) { load(false, true, 1200); }
TEST(RankedLoader, BuildsSmallAndEmptyTables) {
  for (std::size_t members = 0; members < 80; ++members) load(true, false, members);
}

TEST(RankedLoader, LeavesOutWhatIsThereTwice) {
  for (const bool indexed : {false, true}) {
    RankedTree tree({.member_index = indexed});
    RankedLoader loader(tree);
    EXPECT_TRUE(loader.add({"a", Tie{1}, {{1}, 0}}));
    EXPECT_TRUE(loader.add({"b", Tie{2}, {{2}, 0}}));
    EXPECT_EQ(loader.add({"a", Tie{1}, {{1}, 0}}), !indexed);
    EXPECT_FALSE(loader.add({"", Tie{1}, {{1}, 0}}));
    EXPECT_FALSE(loader.add({"c", Tie{1}, {{1, 2}, 0}}));
    EXPECT_EQ(loader.finish(1), indexed ? 0U : 1U);
    expect_same(tree.committed(), {{{{1}, 0}, Tie{1}, "a"}, {{{2}, 0}, Tie{2}, "b"}});
  }
}

TEST(RankedLoader, PacksDensely) {
  Dice dice(3, 1, 1 << 30);
  RankedTree tree({});
  RankedLoader loader(tree);
  for (int i = 0; i < 20000; ++i) {
    const std::string id = "member-" + std::to_string(100000000 + i);  // 16 bytes
    ASSERT_TRUE(loader.add({id, Tie{dice.below(1ULL << 62U)}, {{i}, 0}}));
  }
  loader.finish(1);
  EXPECT_LT(tree.memory(), 20000U * 60);
}

}  // namespace
}  // namespace laurel::ranked
