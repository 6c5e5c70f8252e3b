#include "laurel/ranked/board_change.h"

#include "oracle.h"

namespace laurel::ranked {
namespace {

using testing::Board;
using testing::Dice;
using testing::Member;

// Applies a change to a plain list, as someone who follows the board does: by position, id and key.
struct Line {
  std::string id;
  SortKey key;
  bool operator==(const Line&) const = default;
};

std::vector<Line> lines_of(const Board& board) {
  std::vector<Line> out;
  for (const Member& member : board) out.push_back({member.id, member.key});
  return out;
}

void follow(std::vector<Line>& board, const BoardChange& change) {
  std::vector<bool> moves(board.size(), false);
  std::size_t size = board.size();
  for (const Mover& mover : change.movers) {
    if (mover.joined()) ++size;
    if (mover.left()) --size;
    if (mover.joined()) continue;
    ASSERT_LT(*mover.old_position, board.size());
    ASSERT_EQ(board[*mover.old_position], (Line{std::string(mover.member), *mover.old_key}));
    moves[*mover.old_position] = true;
  }
  std::vector<std::optional<Line>> next(size);
  const auto settle = [&](std::uint64_t at, Line line) {
    ASSERT_LT(at, size);
    ASSERT_FALSE(next[at]) << "two at " << at;
    next[at] = std::move(line);
  };
  std::size_t shift = 0;
  for (std::size_t at = 0; at < board.size(); ++at) {
    while (shift < change.shifts.size() && change.shifts[shift].to <= at) ++shift;
    std::int64_t by = 0;
    if (shift < change.shifts.size() && change.shifts[shift].from <= at) {
      by = change.shifts[shift].by;
      ASSERT_FALSE(moves[at]) << "a mover in a shift, at " << at;
    }
    if (!moves[at]) {
      ASSERT_NO_FATAL_FAILURE(
          settle(static_cast<std::uint64_t>(static_cast<std::int64_t>(at) + by), board[at]));
    }
  }
  for (const Mover& mover : change.movers) {
    if (mover.left()) continue;
    ASSERT_NO_FATAL_FAILURE(
        settle(*mover.new_position, {std::string(mover.member), *mover.new_key}));
  }
  board.clear();
  for (auto& line : next) {
    ASSERT_TRUE(line) << "nobody at " << board.size();
    board.push_back(std::move(*line));
  }
}

class BoardChangeRandom : public ::testing::TestWithParam<std::pair<std::size_t, std::int64_t>> {};

TEST_P(BoardChangeRandom, TakesAFollowerFromEachVersionToTheNext) {
  const auto [members, spread] = GetParam();
  Dice dice(members + static_cast<std::size_t>(spread), 1, spread);
  RankedTree tree({});
  Board board;
  std::vector<Line> followed;
  for (std::uint64_t commit = 1; commit < 1500; ++commit) {
    const RankedView before = tree.committed();
    std::vector<Member> kept;
    std::vector<Change> changes;
    std::set<std::string> seen;
    const std::size_t many = dice.below(7);
    kept.reserve(many);
    for (std::size_t i = 0; i < many; ++i) {
      const std::uint64_t what = dice.below(10);
      if (board.empty() || (what < 3 && board.size() < members)) {
        kept.push_back(dice.member());
        changes.push_back({kept.back().id, kept.back().tie, {}, kept.back().key});
        seen.insert(kept.back().id);
        put(board, kept.back());
        continue;
      }
      const std::size_t at = dice.below(board.size());
      if (!seen.insert(board[at].id).second) continue;
      kept.push_back(take(board, at));
      Change change{kept.back().id, kept.back().tie, kept.back().key, {}};
      if (what < 8) {
        change.after = what == 7 ? kept.back().key : dice.key();
        put(board, {*change.after, kept.back().tie, kept.back().id});
      }
      changes.push_back(change);
    }
    ASSERT_EQ(tree.apply(changes).rejected, 0U);
    const BoardChange change = board_change(before, tree.seal(commit), changes);
    ASSERT_EQ(change.empty(), lines_of(board) == followed);
    ASSERT_LE(change.shifts.size(), 2 * change.movers.size() + 1);
    ASSERT_NO_FATAL_FAILURE(follow(followed, change));
    ASSERT_EQ(followed, lines_of(board));
    tree.settle(commit);
  }
}

INSTANTIATE_TEST_SUITE_P(Many, BoardChangeRandom,
                         ::testing::Values(std::pair{std::size_t{4}, std::int64_t{2}},
                                           std::pair{std::size_t{12}, std::int64_t{1000}},
                                           std::pair{std::size_t{60}, std::int64_t{3}},
                                           std::pair{std::size_t{200}, std::int64_t{1 << 20}}));

TEST(BoardChange, NamesTheMoverAndOneBlockOfDisplaced) {
  RankedTree tree({});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(tree.insert({"m" + std::to_string(i), Tie{}, {{i * 10}, 0}}));
  }
  tree.seal(1);
  tree.settle(1);
  const Change up{"m90", Tie{}, SortKey{{900}, 0}, SortKey{{95}, 7}};
  ASSERT_EQ(tree.apply({&up, 1}).changed, 1U);
  const BoardChange change = board_change(tree.committed(), tree.seal(2), {&up, 1});
  ASSERT_EQ(change.movers.size(), 1U);
  EXPECT_EQ(change.movers[0].old_position, 90U);
  EXPECT_EQ(change.movers[0].new_position, 10U);
  EXPECT_EQ(change.shifts, (std::vector<Shift>{{10, 90, 1}}));
}

TEST(BoardChange, SaysAScoreThatMovesNobody) {
  RankedTree tree({});
  ASSERT_TRUE(tree.insert({"a", Tie{}, {{10}, 0}}));
  ASSERT_TRUE(tree.insert({"b", Tie{}, {{20}, 0}}));
  tree.seal(1);
  tree.settle(1);
  const std::vector<Change> changes = {{"b", Tie{}, SortKey{{20}, 0}, SortKey{{15}, 1}},
                                       {"a", Tie{}, SortKey{{10}, 0}, SortKey{{10}, 0}}};
  ASSERT_EQ(tree.apply(changes).changed, 2U);
  const BoardChange change = board_change(tree.committed(), tree.seal(2), changes);
  ASSERT_EQ(change.movers.size(), 1U);
  EXPECT_EQ(change.movers[0].member, "b");
  EXPECT_EQ(change.movers[0].new_position, 1U);
  EXPECT_TRUE(change.shifts.empty());
  EXPECT_TRUE(board_change(tree.committed(), tree.sealed(), {&changes[1], 1}).empty());
}

}  // namespace
}  // namespace laurel::ranked
