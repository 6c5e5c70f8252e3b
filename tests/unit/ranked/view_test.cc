#include "laurel/ranked/view.h"

#include "oracle.h"

namespace laurel::ranked {
namespace {

using testing::Board;
using testing::Dice;
using testing::Member;

class RankedViewRandom : public ::testing::TestWithParam<std::pair<unsigned, std::int64_t>> {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3000; ++i) put(board_, dice_.member());
    std::vector<Change> changes;
    for (const Member& member : board_) changes.push_back({member.id, member.tie, {}, member.key});
    std::shuffle(changes.begin(), changes.end(), std::mt19937_64(5));
    ASSERT_EQ(tree_.apply(changes).changed, board_.size());
    tree_.seal(1);
    tree_.settle(1);
    view_ = tree_.committed();
  }

  Dice dice_{1, GetParam().first, GetParam().second};
  RankedTree tree_{Options{.columns = GetParam().first}};
  Board board_;
  RankedView view_;
};

TEST_P(RankedViewRandom, FindsEveryRowAndPosition) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < board_.size(); ++i) {
    ASSERT_TRUE(same(view_.at(i), board_[i]));
    ASSERT_EQ(view_.position(board_[i].row()), i);
    rows.push_back(board_[i].row());
    rows.push_back({board_[i].id, board_[i].tie, {{board_[i].key.columns}, 17}});
  }
  std::vector<std::uint64_t> positions(rows.size());
  view_.positions(rows, positions);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(positions[i], i % 2 == 0 ? i / 2 : RankedView::kAbsent);
    ASSERT_EQ(view_.position(rows[i]).has_value(), i % 2 == 0);
  }
}

TEST_P(RankedViewRandom, NumbersEqualResultsInEveryStyle) {
  std::size_t begin = 0;
  std::uint64_t dense = 0;
  while (begin < board_.size()) {
    std::size_t end = begin;
    while (end < board_.size() && board_[end].key == board_[begin].key) ++end;
    ++dense;
    const SortKey& key = board_[begin].key;
    ASSERT_EQ(view_.count_better(key), begin);
    ASSERT_EQ(view_.count_ties(key), end - begin);
    ASSERT_EQ(view_.count_better_results(key), dense - 1);
    for (const std::size_t at : {begin, (begin + end) / 2, end - 1}) {
      const Row row = board_[at].row();
      ASSERT_EQ(view_.rank(row, RankStyle::kOrdinal), at + 1);
      ASSERT_EQ(view_.rank(row, RankStyle::kCompetition), begin + 1);
      ASSERT_EQ(view_.rank(row, RankStyle::kModifiedCompetition), end);
      ASSERT_EQ(view_.rank(row, RankStyle::kDense), dense);
    }
    // A result that nobody has, between this one and the next.
    SortKey between = key;
    between.time = 5;
    if (end == board_.size() || between < board_[end].key) {
      ASSERT_EQ(view_.count_better(between), end);
      ASSERT_EQ(view_.count_ties(between), 0U);
      ASSERT_EQ(view_.count_better_results(between), dense);
    }
    begin = end;
  }
}

TEST_P(RankedViewRandom, ShowsRangesAndSurroundings) {
  const auto expect_rows = [&](const std::vector<RankedRow>& rows, std::size_t from,
                               std::size_t to) {
    ASSERT_EQ(rows.size(), to - from);
    for (std::size_t i = from; i < to; ++i) {
      ASSERT_TRUE(same(rows[i - from], board_[i]));
      ASSERT_EQ(rows[i - from].position, i);
    }
  };
  const std::size_t size = board_.size();
  for (int i = 0; i < 100; ++i) {
    const std::size_t at = dice_.below(size);
    expect_rows(view_.range(at, 70), at, std::min(size, at + 70));
    const auto above = dice_.below(80);
    const auto below = dice_.below(80);
    expect_rows(view_.around(board_[at].row(), above, below), at - std::min(at, above),
                std::min(size, at + below + 1));
    const auto& columns = board_[at].key.columns;
    const auto first = static_cast<std::size_t>(
        std::find_if(board_.begin(), board_.end(),
                     [&](const Member& m) { return m.key.columns >= columns; }) -
        board_.begin());
    expect_rows(view_.around_score(columns, above, below), first - std::min(first, above),
                std::min(size, first + below));
  }
  EXPECT_TRUE(view_.range(size, 1).empty());
  EXPECT_EQ(view_.range(0, ~std::uint64_t{0}).size(), size);
  EXPECT_TRUE(view_.around({"nobody", Tie{}, {}}, 1, 1).empty());
}

INSTANTIATE_TEST_SUITE_P(Many, RankedViewRandom,
                         ::testing::Values(std::pair{1U, std::int64_t{3}},
                                           std::pair{1U, std::int64_t{1} << 40U},
                                           std::pair{2U, std::int64_t{8}},
                                           std::pair{3U, std::int64_t{4}}));

TEST(RankedView, OfNothingIsEmpty) {
  const RankedView view;
  EXPECT_TRUE(view.empty());
  EXPECT_EQ(view.count_better({}), 0U);
  EXPECT_EQ(view.count_better_results({}), 0U);
  EXPECT_FALSE(view.position({"a", Tie{}, {}}));
  EXPECT_TRUE(view.range(0, 10).empty());
  EXPECT_TRUE(view.around_score({}, 5, 5).empty());
  EXPECT_EQ(inconsistency(view), "");
}

TEST(RankedView, OutlivesItsTree) {
  RankedView view;
  {
    RankedTree tree({});
    ASSERT_TRUE(tree.insert({"a", Tie{}, {{1}, 0}}));
    tree.seal(7);
    tree.settle(7);
    view = tree.committed();
  }
  EXPECT_EQ(view.commit(), 7U);
  EXPECT_EQ(view.at(0).member, "a");
}

}  // namespace
}  // namespace laurel::ranked
