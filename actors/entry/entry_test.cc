#include "actors/entry/entry.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "actors/entry/contributions.h"
#include "laurel/testkit/testkit.h"

namespace laurel::actors::entry {
namespace {

constexpr TimeUs kStart = 1'700'000'000'000'000;
constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kEnd = kStart + 3600 * kSecond;
constexpr TimeUs kGrace = 120 * kSecond;

struct EntryTest : ::testing::Test {
  explicit EntryTest(contract::ScoreOperator with = contract::SCORE_OPERATOR_BEST) : op(with) {}

  contract::Contribution contribution(std::uint64_t wager, std::int64_t second,
                                      std::int64_t value) {
    contract::Contribution out;
    out.set_wager(wager);
    out.set_time_us(kStart + second * kSecond);
    out.set_value(value);
    out.mutable_run()->set_start_us(kStart);
    out.mutable_run()->set_end_us(kEnd);
    out.mutable_run()->set_grace_us(kGrace);
    out.mutable_run()->set_operator_(op);
    return out;
  }
  void add(std::uint64_t wager, std::int64_t second, std::int64_t value) {
    ASSERT_TRUE(kit.when(contribution(wager, second, value)));
  }
  void retract(std::uint64_t wager) {
    contract::Retraction out;
    out.set_wager(wager);
    ASSERT_TRUE(kit.when(out));
  }
  // The last score that was sent.
  contract::ScoreUpdate sent() {
    if (kit.sent().size() != 1) return {};
    return static_cast<const contract::ScoreUpdate&>(*kit.sent().front().message);
  }
  const EntryState& state() { return kit.root<EntryState>(); }

  contract::ScoreOperator op;
  TestKit kit{actor_type(), "weekly@2026-02-16T18:00Z/p1"};
};
struct EntrySumTest : EntryTest {
  EntrySumTest() : EntryTest(contract::SCORE_OPERATOR_NET) {}
};

TEST_F(EntryTest, SendsTheWholeScoreOncePerCommitAndOnlyWhenItChanged) {
  add(1, 10, 500);
  add(2, 20, 700);
  ASSERT_EQ(kit.sent().size(), 1U);  // send_latest: the last stands for both
  EXPECT_EQ(kit.sent().front().to, (ActorId{"tournament", "weekly@2026-02-16T18:00Z"}));
  EXPECT_TRUE(kit.sent().front().latest);
  EXPECT_EQ(sent().member(), "p1");
  EXPECT_EQ(sent().score(), 700);
  EXPECT_EQ(sent().reached_us(), kStart + 20 * kSecond);
  EXPECT_EQ(sent().version(), 2U);
  kit.forget_sent();
  add(3, 30, 600);
  add(4, 40, 700);  // as good, but later
  EXPECT_TRUE(kit.sent().empty());
  add(5, 15, 700);  // as good, and earlier
  EXPECT_EQ(sent().reached_us(), kStart + 15 * kSecond);
}

TEST_F(EntryTest, AVoidOfTheBestLeavesTheNextBest) {
  add(1, 10, 500);
  add(2, 20, 700);
  add(3, 30, 600);
  retract(2);
  EXPECT_EQ(sent().score(), 600);
  retract(1);
  EXPECT_EQ(sent().score(), 600);
  EXPECT_EQ(sent().version(), 3U);
  retract(3);
  EXPECT_TRUE(sent().absent());
  EXPECT_EQ(state().contributions(), 0U);
  add(4, 50, 1);
  EXPECT_FALSE(sent().absent());
  EXPECT_EQ(sent().version(), 5U);
}

TEST_F(EntryTest, AVoidOfTheBestLongAfterFindsItAmongTheRows) {
  add(1000, 5, 99'000);
  for (int i = 0; i < 100; ++i) add(static_cast<std::uint64_t>(i), 10 + i, i * 37 % 101);
  EXPECT_EQ(state().rows(), 6U);
  retract(1000);
  EXPECT_EQ(sent().score(), 100);
  EXPECT_EQ(state().contributions(), 100U);
  for (int i = 0; i < 100; ++i) retract(static_cast<std::uint64_t>(i));
  EXPECT_TRUE(sent().absent());
}

TEST_F(EntrySumTest, ASumIsReachedAtItsLatestContributionAlsoAfterAVoid) {
  add(1, 30, 500);
  add(2, 20, -700);
  EXPECT_EQ(sent().score(), -200);
  EXPECT_EQ(sent().reached_us(), kStart + 30 * kSecond);
  retract(1);
  EXPECT_EQ(sent().score(), -700);
  EXPECT_EQ(sent().reached_us(), kStart + 20 * kSecond);
}

TEST_F(EntrySumTest, ARetractionThatOvertookItsContributionCancelsIt) {
  retract(7);
  add(7, 10, 500);
  EXPECT_TRUE(kit.sent().empty());
  EXPECT_EQ(state().contributions(), 0U);
  EXPECT_EQ(state().retracted_first_size(), 0);
  add(8, 10, 5);
  EXPECT_EQ(sent().score(), 5);
}

TEST_F(EntrySumTest, TheSameContributionAgainChangesNothing) {
  add(1, 10, 500);
  add(1, 10, 500);
  EXPECT_EQ(sent().score(), 500);
  EXPECT_EQ(state().contributions(), 1U);
}

TEST_F(EntrySumTest, WhatComesAfterGraceIsRecordedAndCountsForNothing) {
  kit.watermark(kEnd + kGrace - 1);
  add(1, 10, 500);
  kit.watermark(kEnd + kGrace);
  add(2, 20, 300);
  EXPECT_EQ(sent().score(), 500);
  EXPECT_EQ(state().late(), 1U);
  retract(1);  // its void is too late: the score stays as it was ranked
  EXPECT_EQ(sent().score(), 500);
  EXPECT_EQ(state().late_retractions(), 1U);
  retract(2);
  EXPECT_EQ(state().late(), 0U);
  EXPECT_EQ(state().late_retractions(), 1U);
}

TEST_F(EntrySumTest, ASumThatDoesNotFitRejectsTheContribution) {
  add(1, 10, std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(kit.when(contribution(2, 20, 1)));
  EXPECT_EQ(kit.reject_code(), "score-overflow");
  EXPECT_EQ(state().contributions(), 1U);
}

// The definition, as slowly as it is stated.
TEST_F(EntryTest, AnyOrderOfContributionsAndVoidsIsTheNaiveScore) {
  std::uint64_t seed = 5;
  const auto next = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % bound;
  };
  for (const auto with : {contract::SCORE_OPERATOR_BEST, contract::SCORE_OPERATOR_NET}) {
    op = with;
    TestKit fresh(actor_type(), "weekly@2026-02-16T18:00Z/p" + std::to_string(with));
    std::vector<Kept> all;
    for (std::uint64_t step = 1; step < 400; ++step) {
      if (!all.empty() && next(3) == 0) {
        const auto at = static_cast<std::ptrdiff_t>(next(all.size()));
        contract::Retraction gone;
        gone.set_wager(all[static_cast<std::size_t>(at)].wager);
        ASSERT_TRUE(fresh.when(gone));
        all.erase(all.begin() + at);
      } else {
        all.push_back({step, kStart + static_cast<TimeUs>(next(50)) * kSecond,
                       static_cast<std::int64_t>(next(9)) - 4, false});
        ASSERT_TRUE(
            fresh.when(contribution(step, (all.back().time - kStart) / kSecond, all.back().value)));
      }
      rules::Score naive;
      for (const Kept& each : all) {
        naive = *rules::with(rules::fold_of(op, contract::SCORE_DIRECTION_HIGH), naive,
                             {each.value, each.time});
      }
      const auto& root = fresh.root<EntryState>();
      ASSERT_EQ(root.score(), naive.value) << step;
      ASSERT_EQ(root.reached_us(), naive.reached) << step;
      ASSERT_EQ(root.contributions(), naive.contributions) << step;
    }
  }
}

}  // namespace
}  // namespace laurel::actors::entry
