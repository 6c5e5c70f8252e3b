#include "actors/tournament/tournament.h"

#include <gtest/gtest.h>

#include "actors/tournament/run_states.h"
#include "actors/tournament/standings.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/testkit/testkit.h"

namespace laurel::actors::tournament {
namespace {

constexpr TimeUs kStart = 1'700'000'000'000'000;
constexpr TimeUs kEnd = kStart + 3'600'000'000;
constexpr TimeUs kGrace = 120'000'000;

struct TournamentTest : ::testing::Test {
  contract::ScoreUpdate update(const std::string& member, std::uint64_t version, std::int64_t score,
                               std::int64_t second = 1) {
    contract::ScoreUpdate out;
    out.set_member(member);
    out.set_version(version);
    out.set_score(score);
    out.set_reached_us(kStart + second * 1'000'000);
    out.mutable_run()->set_start_us(kStart);
    out.mutable_run()->set_end_us(kEnd);
    out.mutable_run()->set_grace_us(kGrace);
    out.mutable_run()->set_direction(direction);
    return out;
  }
  void score(const std::string& member, std::uint64_t version, std::int64_t score,
             std::int64_t second = 1) {
    ASSERT_TRUE(kit.when(update(member, version, score, second)));
  }
  void leave(const std::string& member, std::uint64_t version) {
    auto out = update(member, version, 0);
    out.set_absent(true);
    ASSERT_TRUE(kit.when(out));
  }
  // As the timer and the inbox do, until nothing is to be done.
  int close() {
    EXPECT_TRUE(kit.when(CloseRun()));
    int steps = 0;
    while (!kit.sent().empty()) {
      const auto step = kit.sent().front().message;
      kit.forget_sent();
      EXPECT_TRUE(kit.when(*step));
      ++steps;
    }
    return steps;
  }
  std::string standings() {
    std::string out;
    for (std::uint64_t place = 1;; ++place) {
      const auto row = kit.row<FinalPlace>("standings", place_key(place));
      if (!row) return out;
      out += (out.empty() ? "" : " ") + row->member() + "=" + std::to_string(row->score());
    }
  }
  std::string changes() {
    std::string out;
    for (const auto& each : kit.emitted()) {
      contract::TournamentChanged record;
      EXPECT_TRUE(record.ParseFromString(each.bytes));
      EXPECT_EQ(each.topic, "tournaments");
      EXPECT_EQ(record.tournament(), "weekly");
      out += (out.empty() ? "" : " ") + record.change();
    }
    return out;
  }
  const TournamentState& state() { return kit.root<TournamentState>(); }

  contract::ScoreDirection direction = contract::SCORE_DIRECTION_HIGH;
  TestKit kit{actor_type(), "weekly@2023-11-14T22:13Z"};
};

TEST_F(TournamentTest, OpensWithTheFirstScoreAndClosesAfterGrace) {
  score("a", 1, 10);
  EXPECT_EQ(state().state(), RUN_STATE_OPEN);
  const auto& timer = kit.timers().at("close");
  EXPECT_EQ(timer.clock, TimerClock::kEvent);
  EXPECT_EQ(timer.at, kEnd + kGrace);
  EXPECT_EQ(timer.window_from, kStart);
  close();
  EXPECT_EQ(state().state(), RUN_STATE_FINAL);
  EXPECT_EQ(changes(), "opened closing final");
}

TEST_F(TournamentTest, RanksByScoreThenTimeThenByTheHash) {
  score("late", 1, 10, 9);
  score("early", 1, 10, 2);
  score("best", 1, 11, 30);
  score("negative", 1, -5);
  score("zero", 1, 0);
  close();
  EXPECT_EQ(standings(), "best=11 early=10 late=10 zero=0 negative=-5");
}

// As Python's hashlib orders "weekly@2023-11-14T22:13Z|m0" and the others.
TEST_F(TournamentTest, EqualInScoreAndTimeIsTheOrderOfTheHashes) {
  for (int i = 0; i < 8; ++i) score("m" + std::to_string(i), 1, 7);
  close();
  EXPECT_EQ(standings(), "m7=7 m5=7 m1=7 m6=7 m0=7 m4=7 m2=7 m3=7");
}

TEST_F(TournamentTest, LowRanksTheLowestFirst) {
  direction = contract::SCORE_DIRECTION_LOW;
  score("a", 1, 3);
  score("b", 1, -3);
  close();
  EXPECT_EQ(standings(), "b=-3 a=3");
}

TEST_F(TournamentTest, AScoreReplacesTheOneBefore) {
  score("a", 1, 30);
  score("b", 1, 40);
  score("a", 2, 50);
  score("b", 2, 20);
  close();
  EXPECT_EQ(standings(), "a=50 b=20");
  EXPECT_EQ(state().updates(), 4U);
}

TEST_F(TournamentTest, AMemberWithoutContributionsLeavesTheBoardAndMayComeBack) {
  score("a", 1, 30);
  score("b", 1, 20);
  leave("a", 2);
  EXPECT_EQ(state().members(), 1U);
  leave("c", 1);  // was never there
  EXPECT_EQ(state().members(), 1U);
  leave("b", 2);
  score("b", 3, 5);
  close();
  EXPECT_EQ(standings(), "b=5");
}

TEST_F(TournamentTest, AFinalRunNeverChanges) {
  score("a", 1, 30);
  close();
  score("b", 1, 99);
  leave("a", 2);
  EXPECT_EQ(standings(), "a=30");
  EXPECT_EQ(state().late(), 2U);
  EXPECT_EQ(changes(), "opened closing final late-for-run late-for-run");
  EXPECT_FALSE(kit.when(CloseRun()));
  EXPECT_EQ(kit.reject_code(), "illegal-state");
}

TEST_F(TournamentTest, AStepThatWasWrittenBeforeWritesNothing) {
  score("a", 1, 30);
  score("b", 1, 20);
  ASSERT_TRUE(kit.when(CloseRun()));
  const auto step = kit.sent().front().message;
  WritePlaces other;
  other.set_written(1);
  ASSERT_TRUE(kit.when(other));
  EXPECT_EQ(state().placed(), 0U);
  ASSERT_TRUE(kit.when(*step));
  ASSERT_TRUE(kit.when(*step));
  EXPECT_EQ(state().placed(), 2U);
  EXPECT_EQ(standings(), "a=30 b=20");
  EXPECT_EQ(kit.row<PlaceOf>("places", "b")->place(), 2U);
}

TEST(RunStates, NothingButTheThreeSteps) {
  int steps = 0;
  for (int from = RunState_MIN; from <= RunState_MAX; ++from) {
    for (int to = RunState_MIN; to <= RunState_MAX; ++to) {
      steps += find_step(static_cast<RunState>(from), static_cast<RunState>(to)) != nullptr ? 1 : 0;
    }
  }
  EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace laurel::actors::tournament
