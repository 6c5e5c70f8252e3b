#include "laurel/ranked/tree.h"

#include <map>

#include "oracle.h"

namespace laurel::ranked {
namespace {

using testing::Board;
using testing::Dice;
using testing::expect_same;
using testing::Member;

// A tree and what it should hold, in all its versions.
struct Pair {
  explicit Pair(Options options) : tree(options), indexed(options.member_index) {}

  // One to `most` random changes in one batch, some members several times, some changes wrong.
  void change(Dice& dice, std::size_t most) {
    std::vector<Change> changes;
    std::vector<bool> fits;
    std::vector<Member> kept;  // the ids that `changes` points to
    const std::size_t many = 1 + dice.below(most);
    kept.reserve(many);
    for (std::size_t i = 0; i < many; ++i) {
      const std::uint64_t what = dice.below(100);
      if (board.empty() || what < 30) {
        kept.push_back(dice.member());
        changes.push_back({kept.back().id, kept.back().tie, {}, kept.back().key});
        put(board, kept.back());
        fits.push_back(true);
        continue;
      }
      const std::size_t at = dice.below(board.size());
      if (what < 36 && !indexed) {
        kept.push_back(board[at]);  // a key that the member has not
        SortKey wrong = kept.back().key;
        wrong.time += 100;
        changes.push_back({kept.back().id, kept.back().tie, wrong, dice.key()});
        fits.push_back(false);
        continue;
      }
      kept.push_back(take(board, at));
      Change change{kept.back().id, kept.back().tie, kept.back().key, {}};
      if (indexed) change.before.reset();
      if (what < 85) {
        change.after = what < 40 ? kept.back().key : dice.key();
        put(board, {*change.after, kept.back().tie, kept.back().id});
      } else if (indexed && what < 90) {
        change.after = dice.key();  // joins as far as the caller knows
        put(board, {*change.after, kept.back().tie, kept.back().id});
      }
      changes.push_back(change);
      fits.push_back(true);
    }
    if (indexed) {  // leaving is known by the absence of `after`
      for (Change& change : changes) {
        if (!change.after) change.before = SortKey{};
      }
    }
    std::vector<std::uint64_t> positions(changes.size());
    const Applied applied = tree.apply(changes, positions);
    for (std::size_t i = 0; i < many; ++i) {
      const auto at = std::find_if(board.begin(), board.end(), [&](const Member& member) {
        return fits[i] && member.id == changes[i].member;
      });
      ASSERT_EQ(positions[i], at == board.end() ? RankedView::kAbsent
                                                : static_cast<std::uint64_t>(at - board.begin()));
    }
    ASSERT_EQ(applied.changed,
              static_cast<std::size_t>(std::count(fits.begin(), fits.end(), true)));
    ASSERT_EQ(applied.rejected, many - applied.changed);
    ASSERT_TRUE(applied.rejected == 0 || !fits[applied.first_rejected]);
  }

  RankedTree tree;
  bool indexed;
  Board board;
};

struct Case {
  std::uint64_t seed;
  unsigned columns;
  std::int64_t spread;
  bool indexed;
  std::size_t batch;
  int rounds;
};

class RankedTreeRandom : public ::testing::TestWithParam<Case> {};

TEST_P(RankedTreeRandom, HoldsWhatAPlainVectorHoldsThroughSealSettleAbortAndPins) {
  const Case& with = GetParam();
  Dice dice(with.seed, with.columns, with.spread);
  Pair pair({.columns = with.columns, .member_index = with.indexed, .hash_seed = with.seed});
  Board committed;
  std::optional<Board> sealed;
  std::vector<std::pair<RankedView, Board>> pinned;
  std::uint64_t commit = 0;
  for (int round = 0; round < with.rounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(pair.change(dice, with.batch));
    const std::uint64_t what = dice.below(100);
    if (what < 30 && !sealed) {
      sealed = pair.board;
      pair.tree.seal(++commit);
    } else if (what < 60 && sealed) {
      pair.tree.settle(commit);
      committed = *std::exchange(sealed, std::nullopt);
    } else if (what < 68) {
      pair.tree.abort();
      if (sealed) --commit;
      sealed.reset();
      pair.board = committed;
    }
    if (dice.below(10) == 0) pinned.emplace_back(pair.tree.committed(), committed);
    if (pinned.size() > 4)
      pinned.erase(pinned.begin() + static_cast<std::ptrdiff_t>(dice.below(4)));
    if (round % 16 != 0 && round + 1 != with.rounds) continue;
    ASSERT_NO_FATAL_FAILURE(expect_same(pair.tree.open(), pair.board));
    ASSERT_NO_FATAL_FAILURE(expect_same(pair.tree.sealed(), sealed ? *sealed : committed));
    ASSERT_NO_FATAL_FAILURE(expect_same(pair.tree.committed(), committed));
    for (const auto& [view, board] : pinned) ASSERT_NO_FATAL_FAILURE(expect_same(view, board));
    if (!with.indexed || pair.board.empty()) continue;
    const Member& member = pair.board[dice.below(pair.board.size())];
    const auto found = pair.tree.find(member.id);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->key, member.key);
    ASSERT_EQ(found->tie, member.tie);
    ASSERT_FALSE(pair.tree.find("nobody"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Many, RankedTreeRandom,
    ::testing::Values(Case{1, 1, 5, false, 1, 600}, Case{2, 1, 1000000, false, 40, 200},
                      Case{3, 2, 3, false, 40, 200}, Case{4, 3, 2, true, 40, 200},
                      Case{5, 1, 1000000, true, 200, 100}, Case{6, 1, 1, true, 3, 500},
                      Case{7, 1, 40, false, 1500, 30}));

TEST(RankedTree, ShrinksToNothingAndIsConsistentAllTheWay) {
  Dice dice(11, 1, 40);
  RankedTree tree({});
  Board board;
  std::vector<Change> changes;
  for (int i = 0; i < 6000; ++i) put(board, dice.member());
  for (const Member& member : board) changes.push_back({member.id, member.tie, {}, member.key});
  ASSERT_EQ(tree.apply(changes).changed, board.size());
  while (!board.empty()) {
    std::vector<Member> gone;
    changes.clear();
    // Neighbours leave together, so that nodes of every level run empty.
    std::size_t many = std::min<std::size_t>(board.size(), 1 + dice.below(300));
    std::size_t at = dice.below(board.size() - many + 1);
    while (many-- > 0 && at < board.size()) {
      gone.push_back(take(board, at));
      at += dice.below(8) == 0 ? 1 : 0;
    }
    for (const Member& member : gone) changes.push_back({member.id, member.tie, member.key, {}});
    ASSERT_EQ(tree.apply(changes).changed, changes.size());
    ASSERT_EQ(inconsistency(tree.open()), "");
    ASSERT_EQ(tree.open().size(), board.size());
    if (dice.below(4) != 0) continue;
    ASSERT_NO_FATAL_FAILURE(expect_same(tree.open(), board));
  }
}

TEST(RankedTree, GivesBackTheMemoryOfVersionsThatNobodyReads) {
  Dice dice(9, 1, 1 << 20);
  Pair pair({});
  for (int i = 0; i < 40; ++i) ASSERT_NO_FATAL_FAILURE(pair.change(dice, 100));
  pair.tree.seal(1);
  pair.tree.settle(1);
  const RankedView page = pair.tree.committed();
  const Board of_page = pair.board;
  std::size_t after_some = 0;
  for (std::uint64_t commit = 2; commit < 200; ++commit) {
    for (int i = 0; i < 10; ++i) {  // the size stays as it is
      Member member = take(pair.board, dice.below(pair.board.size()));
      const SortKey key = dice.key();
      ASSERT_TRUE(pair.tree.replace(member.row(), key));
      put(pair.board, {key, member.tie, member.id});
    }
    pair.tree.seal(commit);
    pair.tree.settle(commit);
    if (commit == 60) after_some = pair.tree.memory();
  }
  // A page pinned all the while keeps its own nodes, not those of all versions since.
  EXPECT_LT(pair.tree.memory(), after_some * 5 / 4);
  EXPECT_EQ(pair.tree.versions(), 2U);
  expect_same(page, of_page);
}

TEST(RankedTree, ForgetsAnAbortedCommitAndCanRunItAgain) {
  RankedTree tree({.member_index = true});
  const Member anna{{{descending(10)}, 1}, Tie{1}, "anna"};
  const Member bert{{{descending(20)}, 2}, Tie{2}, "bert"};
  ASSERT_TRUE(tree.insert(anna.row()));
  tree.seal(1);
  tree.settle(1);
  ASSERT_TRUE(tree.insert(bert.row()));
  ASSERT_TRUE(tree.replace(anna.row(), {{descending(30)}, 3}));
  tree.seal(2);
  ASSERT_TRUE(tree.erase({"anna", Tie{1}, {}}));
  tree.abort();
  EXPECT_EQ(tree.open().size(), 1U);
  EXPECT_EQ(tree.find("anna")->key, anna.key);
  EXPECT_FALSE(tree.find("bert"));
  ASSERT_TRUE(tree.insert(bert.row()));
  tree.seal(2);
  tree.settle(2);
  expect_same(tree.committed(), {bert, anna});
}

TEST(RankedTree, JudgesTheChangesOfOneMemberOneAfterTheOther) {
  RankedTree tree({});
  const SortKey one{{1}, 0};
  const SortKey two{{2}, 0};
  const SortKey three{{3}, 0};
  const std::vector<Change> changes = {
      {"a", Tie{1}, {}, one},    {"a", Tie{1}, one, two},
      {"a", Tie{1}, one, three}, {"a", Tie{1}, two, {}},
      {"a", Tie{1}, two, three}, {"a", Tie{1}, {}, three},
      {"b", Tie{2}, one, two},   {"b", Tie{2}, {}, two},
      {"", Tie{2}, {}, two},     {"c", Tie{3}, {}, SortKey{{1, 1}, 0}},
      {"d", Tie{4}, {}, {}}};
  const Applied applied = tree.apply(changes);
  EXPECT_EQ(applied.changed, 5U);
  EXPECT_EQ(applied.rejected, 6U);
  EXPECT_EQ(applied.first_rejected, 2U);
  expect_same(tree.open(), {{two, Tie{2}, "b"}, {three, Tie{1}, "a"}});
}

TEST(RankedTree, IsOrderedByScoreThenTimeThenHashThenId) {
  RankedTree tree({.columns = 2});
  const Board board = {
      {{{descending(9), 1}, 5}, Tie{9}, "z"}, {{{descending(9), 2}, 4}, Tie{8}, "y"},
      {{{descending(8), 0}, 3}, Tie{7}, "x"}, {{{descending(8), 0}, 4}, Tie{1}, "c"},
      {{{descending(8), 0}, 4}, Tie{2}, "b"}, {{{descending(8), 0}, 4}, Tie{2}, "ba"}};
  for (const std::size_t i : {3U, 0U, 5U, 2U, 4U, 1U}) ASSERT_TRUE(tree.insert(board[i].row()));
  expect_same(tree.open(), board);
}

TEST(SortKey, HasNoValueThatItCannotTurnAround) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  static_assert(descending(kMax) < descending(0) && descending(0) < descending(kMin));
  static_assert(descending(descending(kMin)) == kMin);
  std::array<std::uint8_t, 32> digest{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09};
  EXPECT_EQ(tie_of(digest), Tie{0x0102030405060708U});
}

}  // namespace
}  // namespace laurel::ranked
