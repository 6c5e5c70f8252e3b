// What tournaments promise, on several partitions: players in one, the run in another.
#include "tournament_cluster.h"

namespace laurel::testing {
namespace {

using actors::player::PlayerState;
using actors::tournament::RUN_STATE_FINAL;
using actors::tournament::RUN_STATE_OPEN;
using actors::tournament::RUN_STATE_UNSPECIFIED;

contract::Tournament& add(contract::Tournaments& to, const std::string& id,
                          contract::ScoreOperator op) {
  contract::Tournament& out = *to.add_tournament();
  out.set_id(id);
  out.set_operator_(op);
  if (op != contract::SCORE_OPERATOR_COUNT && op != contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER) {
    out.set_asset("EUR");
    out.set_scale(2);
  }
  out.set_start("2026-02-16T18:00");
  out.set_end("2026-02-16T20:00");
  return out;
}

struct TournamentsTest : ::testing::Test {
  void open() {
    test = std::make_unique<TournamentCluster>(tournaments);
    test->cluster->clock(start);
  }
  TournamentCluster& t() { return *test; }

  const std::string run = "best@2026-02-16T18:00Z";
  const TimeUs start = minute("2026-02-16T18:00Z");
  const TimeUs end = minute("2026-02-16T20:00Z");
  const TimeUs closed = end + 130 * kSecond;
  contract::Tournaments tournaments;
  std::unique_ptr<TournamentCluster> test;
};

struct BestWin : TournamentsTest {
  BestWin() {
    add(tournaments, "best", contract::SCORE_OPERATOR_BEST);
    open();
  }
};

TEST_F(BestWin, ARunOpensRanksAndIsFinalOnce) {
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().wager("p2", "b", start + 20 * kSecond, 100, 700);
  t().wager("p3", "c", start + 5 * kSecond, 100, 500);
  t().pass(start + kHour);
  EXPECT_EQ(t().run(run).state(), RUN_STATE_OPEN);
  EXPECT_EQ(t().run(run).members(), 3U);
  t().pass(closed);
  EXPECT_EQ(t().run(run).state(), RUN_STATE_FINAL);
  EXPECT_EQ(t().standings(run), "p2=700@20 p3=500@5 p1=500@10");
  EXPECT_EQ(t().changes(run), "opened closing final");
  EXPECT_EQ(t().dead_letters(), 0U);
}

TEST_F(BestWin, EarlyAndOutOfTheWindowCountsForNothing) {
  t().wager("p1", "a", start - 1, 100, 900);
  t().wager("p1", "b", start, 100, 100);
  t().wager("p1", "c", end - 1, 100, 200);
  t().wager("p1", "d", end, 100, 900);
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p1=200@7199");
  EXPECT_EQ(t().cluster->root<PlayerState>("player", "p1").wagers(), 4U);
}

TEST_F(BestWin, ALateWagerCountsUntilGraceIsOverAndEarnsPointsAlways) {
  t().wager("p1", "a", start + 10 * kSecond, 100, 100);
  t().pass(end + 120 * kSecond);  // the watermark is 5 s behind
  t().wager("p1", "b", start + 20 * kSecond, 100, 800);
  t().pass(end + 125 * kSecond);
  EXPECT_EQ(t().run(run).state(), RUN_STATE_FINAL);
  t().wager("p1", "c", start + 30 * kSecond, 100, 900);
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p1=800@20");
  EXPECT_EQ(t().entry(run, "p1").late(), 1U);
  EXPECT_EQ(t().cluster->root<PlayerState>("player", "p1").wagers(), 3U);
  EXPECT_EQ(t().changes(run), "opened closing final");
}

TEST_F(BestWin, AVoidOfTheBestWhileItIsOpenAndAfterItIsFinal) {
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().wager("p1", "b", start + 20 * kSecond, 100, 900);
  t().wager("p2", "c", start + 30 * kSecond, 100, 600);
  t().pass(start + kHour);
  t().voided("p1", "b", start + kHour);
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p2=600@30 p1=500@10");
  t().voided("p2", "c", closed + kHour);
  t().pass(closed + 2 * kHour);
  EXPECT_EQ(t().standings(run), "p2=600@30 p1=500@10");  // ledger yes, standings no
  EXPECT_EQ(t().entry(run, "p2").late_retractions(), 1U);
  const auto player = t().cluster->root<PlayerState>("player", "p2");
  EXPECT_EQ(to_string(contract::units_of(player.balances(0))), "0");
}

TEST_F(BestWin, AVoidOfTheOnlyContributionTakesTheMemberOffTheBoard) {
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().pass(start + kMinute);
  t().voided("p1", "a", start + kMinute);
  t().pass(start + 2 * kMinute);
  EXPECT_EQ(t().run(run).members(), 0U);
  t().pass(closed);
  EXPECT_EQ(t().run(run).state(), RUN_STATE_FINAL);
  EXPECT_EQ(t().standings(run), "");
}

TEST_F(BestWin, AVoidBeforeItsWagerAndAVoidOfAVoid) {
  t().voided("p1", "a", start);
  t().pass(start + kSecond);
  t().wager("p1", "a", start + 10 * kSecond, 100, 900);
  t().wager("p1", "b", start + 20 * kSecond, 100, 300);
  t().voided("p1", "void-of-b", start + 30 * kSecond);  // of what is no wager: nothing
  t().voided("p1", "b", start + 40 * kSecond);
  auto again = t().voided("p1", "b", start + 40 * kSecond);
  t().wager("p1", "c", start + 50 * kSecond, 100, 200);
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p1=200@50");
  EXPECT_NE(again->results.front().status, runtime::EventStatus::kAccepted);
}

TEST_F(BestWin, ARunWithNobodyHasNoActor) {
  t().wager("p1", "a", start - kHour, 100, 500);
  t().pass(closed);
  EXPECT_EQ(t().run(run).state(), RUN_STATE_UNSPECIFIED);
  EXPECT_EQ(t().changes(run), "");
}

TEST_F(BestWin, ABackfillAfterItIsFinalChangesNothingAndIsTold) {
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().pass(closed);
  ASSERT_EQ(t().run(run).state(), RUN_STATE_FINAL);
  t().backfill(1, runtime::BackfillState::kOpen);
  t().wager("p2", "b", start + 20 * kSecond, 100, 900, "g1", 1);
  t().cluster->settle();
  t().backfill(1, runtime::BackfillState::kClosed);
  t().pass(closed + kHour);
  EXPECT_EQ(t().standings(run), "p1=500@10");
  EXPECT_EQ(t().run(run).late(), 1U);
  EXPECT_EQ(t().changes(run), "opened closing final late-for-run");
  EXPECT_EQ(t().cluster->root<PlayerState>("player", "p2").wagers(), 1U);
}

TEST_F(BestWin, AnOpenBackfillOfItsTimeHoldsARunOpen) {
  t().backfill(1, runtime::BackfillState::kOpen);
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().wager("p2", "b", start + 20 * kSecond, 100, 900, "g1", 1);
  t().pass(closed + kHour);
  EXPECT_EQ(t().run(run).state(), RUN_STATE_OPEN);
  t().backfill(1, runtime::BackfillState::kClosed);
  t().pass(closed + 2 * kHour);
  EXPECT_EQ(t().standings(run), "p2=900@20 p1=500@10");
  EXPECT_EQ(t().changes(run), "opened closing final");
}

TEST_F(BestWin, DuplicatesAndRestartsChangeNothing) {
  for (int round = 0; round < 3; ++round) {
    t().wager("p1", "a", start + 10 * kSecond, 100, 500);
    t().wager("p2", "b", start + 20 * kSecond, 100, 700);
    t().pass(start + kHour);
    t().cluster->restart();
  }
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p2=700@20 p1=500@10");
  EXPECT_EQ(t().changes(run), "opened closing final");
}

TEST_F(TournamentsTest, ARunThatGoesOnIsNotRedefinedByAPublication) {
  add(tournaments, "best", contract::SCORE_OPERATOR_BEST);
  open();
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().pass(start + kMinute);
  contract::Tournaments other;
  add(other, "best", contract::SCORE_OPERATOR_TOTAL_STAKE).set_grace("1h");
  t().publish(other, start + 2 * kMinute);
  t().wager("p1", "b", start + 10 * kMinute, 777, 400);
  t().wager("p2", "c", start + 10 * kMinute, 888, 600);
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p2=600@600 p1=500@10");
  EXPECT_EQ(t().run(run).run().catalog_version(), 1U);
  contract::Tournaments none;
  t().publish(none, closed + kHour);
}

TEST_F(TournamentsTest, AVoidAfterTheCatalogChangedTakesBackWhatItCountedFor) {
  add(tournaments, "best", contract::SCORE_OPERATOR_BEST);
  open();
  t().wager("p1", "a", start + 10 * kSecond, 100, 500);
  t().wager("p1", "b", start + 20 * kSecond, 100, 400);
  t().pass(start + kMinute);
  t().publish({}, start + kMinute);
  t().voided("p1", "a", start + 5 * kMinute);
  t().pass(closed);
  EXPECT_EQ(t().standings(run), "p1=400@20");
}

TEST_F(TournamentsTest, OneWagerCountsForManyRunsInOneCommitAndInTheNext) {
  // More than the messages of one event that are handled in its commit: the others come later.
  for (int i = 0; i < 100; ++i) {
    add(tournaments, "t" + std::to_string(i), contract::SCORE_OPERATOR_TOTAL_STAKE);
  }
  open();
  t().wager("p1", "a", start + 10 * kSecond, 100);
  t().voided("p1", "a", start + 11 * kSecond);
  t().wager("p1", "b", start + 20 * kSecond, 300);
  t().wager("p2", "c", start + 30 * kSecond, 200);
  t().voided("p2", "c", start + 31 * kSecond);
  t().pass(closed);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(t().standings("t" + std::to_string(i) + "@2026-02-16T18:00Z"), "p1=300@20") << i;
  }
  EXPECT_EQ(t().dead_letters(), 0U);
}

TEST_F(TournamentsTest, AVoidThatOvertakesItsWagerAtTheEntryTakesItBack) {
  for (int i = 0; i < 40; ++i) {
    add(tournaments, "t" + std::to_string(i), contract::SCORE_OPERATOR_TOTAL_STAKE);
  }
  // The commit is nearly full when the wager comes: most contributions wait for the next one, in
  // which the void runs, and its retractions at once.
  runtime::PartitionOptions options;
  options.turns_max = 50;
  test = std::make_unique<TournamentCluster>(tournaments, 1, options);
  t().cluster->clock(start);
  for (int i = 0; i < 22; ++i) t().wager("p1", "before" + std::to_string(i), start - kHour, 100);
  t().wager("p1", "a", start + 10 * kSecond, 500);
  t().voided("p1", "a", start + 11 * kSecond);
  t().wager("p1", "b", start + 5 * kSecond, 300);
  t().pass(closed);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(t().standings("t" + std::to_string(i) + "@2026-02-16T18:00Z"), "p1=300@5") << i;
  }
}

TEST_F(TournamentsTest, TenThousandRunsAtOnce) {
  constexpr int kRuns = 10'000;
  for (int i = 0; i < kRuns; ++i) {
    auto& each = add(tournaments, "t" + std::to_string(i), contract::SCORE_OPERATOR_TOTAL_STAKE);
    each.mutable_wagers()->add_games("g" + std::to_string(i));
  }
  open();
  for (int i = 0; i < kRuns; ++i) {
    t().wager("p" + std::to_string(i % 100), "w" + std::to_string(i), start + i * 1000, 100 + i, 0,
              "g" + std::to_string(i));
  }
  t().pass(start + kHour);
  t().pass(closed);
  int final_runs = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto state = t().run("t" + std::to_string(i) + "@2026-02-16T18:00Z");
    final_runs += state.state() == RUN_STATE_FINAL && state.placed() == 1 ? 1 : 0;
  }
  EXPECT_EQ(final_runs, kRuns);
  EXPECT_EQ(t().cluster->topic("tournaments").size(), 3U * kRuns);
}

TEST_F(TournamentsTest, AMultitudeIsPlacedInBoundedSteps) {
  constexpr int kMembers = 2500;
  add(tournaments, "best", contract::SCORE_OPERATOR_BEST);
  open();
  for (int i = 0; i < kMembers; ++i) {
    t().wager("p" + std::to_string(i), "w", start + i * kSecond, 100, 1000 + i % 700);
  }
  t().pass(closed);
  const auto state = t().run(run);
  EXPECT_EQ(state.state(), RUN_STATE_FINAL);
  EXPECT_EQ(state.placed(), static_cast<std::uint64_t>(kMembers));
  EXPECT_TRUE(
      t().standings(run).starts_with("p699=1699@699 p1399=1699@1399 p2099=1699@2099 p698="));
}

TEST_F(TournamentsTest, AStreakIsCreditedAndTakenBackInTheLedger) {
  open();
  const TimeUs day = 24 * kHour;
  for (int i = 0; i < 3; ++i) t().wager("p1", "w" + std::to_string(i), start + i * day, 100);
  t().cluster->settle();
  const auto balance = [&] {
    const auto player = t().cluster->root<PlayerState>("player", "p1");
    return to_string(contract::units_of(player.balances(0)));
  };
  EXPECT_EQ(balance(), "1003");
  t().voided("p1", "w1", start + 3 * day);
  t().cluster->settle();
  EXPECT_EQ(balance(), "2");
}

}  // namespace
}  // namespace laurel::testing
