#include "laurel/rules/scoring.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace laurel::rules {
namespace {

// The definition, as slowly as it is stated.
Score naive(Fold fold, const std::vector<Worth>& all) {
  Score out;
  out.contributions = all.size();
  if (all.empty()) return out;
  out.value = fold == Fold::kSum ? 0 : all.front().value;
  for (const Worth& each : all) {
    if (fold == Fold::kSum) out.value += each.value;
    if (fold == Fold::kHighest) out.value = std::max(out.value, each.value);
    if (fold == Fold::kLowest) out.value = std::min(out.value, each.value);
  }
  bool first = true;
  for (const Worth& each : all) {
    if (fold != Fold::kSum && each.value != out.value) continue;
    if (first) out.reached = each.time;
    out.reached =
        fold == Fold::kSum ? std::max(out.reached, each.time) : std::min(out.reached, each.time);
    first = false;
  }
  return out;
}

Score fold_all(Fold fold, const std::vector<Worth>& all) {
  Score out;
  for (const Worth& each : all) out = *with(fold, out, each);
  return out;
}

TEST(Scoring, AnyOrderOfContributionsAndRetractionsIsTheNaiveScore) {
  std::uint64_t seed = 7;
  const auto next = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>((seed >> 33) % bound);
  };
  int recomputed = 0;
  for (const Fold fold : {Fold::kSum, Fold::kHighest, Fold::kLowest}) {
    std::vector<Worth> all;
    Score score;
    for (int step = 0; step < 3000; ++step) {
      if (!all.empty() && next(5) < 2) {
        const auto at = static_cast<std::size_t>(next(all.size()));
        const Worth gone = all[at];
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
        const Without left = without(fold, score, gone);
        recomputed += left.recompute ? 1 : 0;
        score = left.recompute ? fold_all(fold, all) : left.score;
      } else {
        all.push_back({next(20) - 10, next(15)});  // few values: ties of both kinds
        score = *with(fold, score, all.back());
      }
      ASSERT_EQ(score, naive(fold, all)) << static_cast<int>(fold) << " step " << step;
      if (all.size() > 40) all.clear(), score = {};
    }
  }
  EXPECT_GT(recomputed, 0);
}

TEST(Scoring, TheOnlyContributionTakenBackLeavesNobody) {
  for (const Fold fold : {Fold::kSum, Fold::kHighest, Fold::kLowest}) {
    const Score one = *with(fold, {}, {5, 9});
    const Without left = without(fold, one, {5, 9});
    EXPECT_EQ(left.score, Score{});
    EXPECT_FALSE(left.recompute);
  }
}

TEST(Scoring, ASumThatDoesNotFitIsNothing) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Score full = *with(Fold::kSum, {}, {most, 1});
  EXPECT_FALSE(with(Fold::kSum, full, {1, 2}));
  EXPECT_TRUE(with(Fold::kHighest, full, {1, 2}));
}

TEST(Scoring, WorthByEachOperatorIsRoundedOnceTowardsMinusInfinity) {
  const WagerAmounts wager{1999, 1000, 2, 77, 0};
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_TOTAL_STAKE, wager, 2), 1999);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_TOTAL_STAKE, wager, 0), 19);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_TOTAL_WIN, wager, 3), 10000);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_NET, wager, 2), -999);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_NET, wager, 0), -10);  // of -9.99, once
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_POINTS, wager, 0), 77);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_COUNT, wager, 0), 1);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_BEST, wager, 2), 1000);
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER, wager, 6), 500250);
}

TEST(Scoring, WithoutAStakeThereIsNoMultiplier) {
  EXPECT_FALSE(worth_of(contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER, {0, 1000, 2, 0, 0}, 6));
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER, {100, 0, 2, 0, 0}, 6), 0);
}

TEST(Scoring, WhatDoesNotFitCountsForNothing) {
  EXPECT_FALSE(worth_of(contract::SCORE_OPERATOR_TOTAL_WIN, {1, kInt128Max, 2, 0, 0}, 2));
  EXPECT_FALSE(worth_of(contract::SCORE_OPERATOR_TOTAL_WIN, {1, kInt128Max, 2, 0, 0}, 4));
  EXPECT_FALSE(worth_of(contract::SCORE_OPERATOR_NET, {kInt128Max, kInt128Min, 2, 0, 0}, 2));
  EXPECT_FALSE(worth_of(contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER, {1, kInt128Max, 2, 0, 0}, 6));
  // 10 ETH are more wei than 64 bits hold; at six decimals they fit.
  const Int128 ten_eth = static_cast<Int128>(10'000'000'000) * 1'000'000'000;
  EXPECT_FALSE(worth_of(contract::SCORE_OPERATOR_TOTAL_WIN, {1, ten_eth, 18, 0, 0}, 18));
  EXPECT_EQ(worth_of(contract::SCORE_OPERATOR_TOTAL_WIN, {1, ten_eth, 18, 0, 0}, 6), 10'000'000);
}

TEST(Scoring, OnlyTheBestIsFoldedByItsDirection) {
  using contract::SCORE_DIRECTION_HIGH;
  using contract::SCORE_DIRECTION_LOW;
  EXPECT_EQ(fold_of(contract::SCORE_OPERATOR_NET, SCORE_DIRECTION_LOW), Fold::kSum);
  EXPECT_EQ(fold_of(contract::SCORE_OPERATOR_BEST, SCORE_DIRECTION_LOW), Fold::kLowest);
  EXPECT_EQ(fold_of(contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER, SCORE_DIRECTION_HIGH),
            Fold::kHighest);
}

}  // namespace
}  // namespace laurel::rules
