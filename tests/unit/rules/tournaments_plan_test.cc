#include "laurel/rules/tournaments_plan.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "laurel/adapters/zones/system_zones.h"
#include "laurel/contract/amount.h"

namespace laurel::rules {
namespace {

TimeUs at(const std::string& minute) { return *parse_utc_minute(minute); }

struct TournamentsPlanTest : ::testing::Test {
  contract::Tournament& add(const std::string& id) {
    contract::Tournament& out = *document.add_tournament();
    out.set_id(id);
    out.set_operator_(contract::SCORE_OPERATOR_TOTAL_STAKE);
    out.set_asset("EUR");
    out.set_scale(2);
    out.set_start("2026-02-16T00:00");
    out.set_end("2026-02-23T00:00");
    return out;
  }
  std::shared_ptr<const TournamentsPlan> compile() {
    Problems problems;
    auto plan = TournamentsPlan::compile(document, zones, problems);
    for (const Problem& each : problems.all()) ADD_FAILURE() << each.path << ": " << each.message;
    return plan;
  }
  std::string problems_of() {
    Problems problems;
    const auto plan = TournamentsPlan::compile(document, zones, problems);
    EXPECT_EQ(plan != nullptr, problems.empty());
    std::string out;
    for (const Problem& each : problems.all()) out += (out.empty() ? "" : " ") + each.path;
    return out;
  }
  static contract::WagerSettled wager(Int128 stake, const std::string& game,
                                      const std::string& category = "slots") {
    contract::WagerSettled out;
    *out.mutable_stake_total() = contract::make_amount(stake, "EUR", 2);
    out.set_game_id(game);
    out.set_game_category(category);
    return out;
  }
  // "run=worth" of all runs the wager counts for, in the order of the texts.
  static std::string runs(const TournamentsPlan& plan, const contract::WagerSettled& wager,
                          TimeUs time, PointsEarned points = {}) {
    return runs_by([&](TimeUs) { return PlanInForce{&plan}; }, wager, time, points);
  }
  static std::string runs_by(const std::function<PlanInForce(TimeUs)>& plan_at,
                             const contract::WagerSettled& wager, TimeUs time,
                             PointsEarned points = {}) {
    std::multiset<std::string> all;
    each_run(wager, time, points, plan_at, [&](const CountedRun& run) {
      all.insert(run_id(run.tournament.id, run.window.start) + "=" + std::to_string(run.worth));
    });
    std::string out;
    for (const std::string& each : all) out += (out.empty() ? "" : " ") + each;
    return out;
  }
  contract::Tournaments document;
  adapters::SystemZones zones;
};

TEST_F(TournamentsPlanTest, AWagerCountsByGameByCategoryAndWhereNeitherIsNamed) {
  *add("games").mutable_wagers()->add_games() = "g1";
  document.mutable_tournament(0)->mutable_wagers()->add_games("g2");
  document.mutable_tournament(0)->mutable_wagers()->add_games("g1");  // twice: counts once
  *add("both").mutable_wagers()->add_games() = "g1";
  document.mutable_tournament(1)->mutable_wagers()->add_categories("slots");
  *add("category").mutable_wagers()->add_categories() = "slots";
  add("all");
  const auto plan = compile();
  const TimeUs time = at("2026-02-17T12:00Z");
  const std::string start = "@2026-02-16T00:00Z=500";
  EXPECT_EQ(runs(*plan, wager(500, "g1"), time),
            "all" + start + " both" + start + " category" + start + " games" + start);
  EXPECT_EQ(runs(*plan, wager(500, "g2", "live"), time), "all" + start + " games" + start);
  EXPECT_EQ(runs(*plan, wager(500, "g3"), time), "all" + start + " category" + start);
  EXPECT_EQ(runs(*plan, wager(500, "g3", ""), time), "all" + start);
}

TEST_F(TournamentsPlanTest, StakesBelowTheMinimumAndOtherAssetsDoNotCount) {
  add("t").set_minimum_stake("0.505");  // no cent is this: 0.51 is the first that counts
  const auto plan = compile();
  const TimeUs time = at("2026-02-17T12:00Z");
  EXPECT_EQ(runs(*plan, wager(50, "g"), time), "");
  EXPECT_EQ(runs(*plan, wager(51, "g"), time), "t@2026-02-16T00:00Z=51");
  auto other = wager(5000, "g");
  other.mutable_stake_total()->set_asset("BTC");
  EXPECT_EQ(runs(*plan, other, time), "");
}

TEST_F(TournamentsPlanTest, PointsAndMultipliersCountWhateverTheStakeIsOf) {
  add("p").set_operator_(contract::SCORE_OPERATOR_POINTS);
  document.mutable_tournament(0)->set_asset("PTS");
  document.mutable_tournament(0)->set_scale(0);
  auto& multiplier = add("m");
  multiplier.set_operator_(contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER);
  multiplier.set_asset("");
  multiplier.set_scale(0);
  const auto plan = compile();
  auto win = wager(100, "g");
  *win.mutable_win_total() = contract::make_amount(250, "EUR", 2);
  const TimeUs time = at("2026-02-17T12:00Z");
  EXPECT_EQ(runs(*plan, win, time, {7, "PTS", 0}),
            "m@2026-02-16T00:00Z=2500000 p@2026-02-16T00:00Z=7");
  EXPECT_EQ(runs(*plan, win, time, {7, "GOLD", 0}), "m@2026-02-16T00:00Z=2500000");
  win.mutable_win_total()->set_asset("USD");  // there is no rate: no multiplier
  EXPECT_EQ(runs(*plan, win, time, {7, "PTS", 0}), "p@2026-02-16T00:00Z=7");
}

TEST_F(TournamentsPlanTest, AmongManyOnlyThoseGoingOnAreLookedAt) {
  std::uint64_t seed = 3;
  const auto next = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((seed >> 33) % bound);
  };
  for (int i = 0; i < 200; ++i) {
    auto& each = add("t" + std::to_string(i));
    const int day = 1 + next(20);
    const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    each.set_start("2026-03-" + two(day) + "T" + two(next(24)) + ":00");
    each.set_end("2026-03-" + two(day + 1 + next(9)) + "T" + two(next(24)) + ":30");
  }
  const auto plan = compile();
  for (TimeUs time = at("2026-02-28T00:00Z"); time < at("2026-04-02T00:00Z");
       time += TimeUs{7919} * 1'000'000) {
    std::set<std::string> expected, found;
    for (const TournamentPlan& each : plan->all()) {
      if (each.schedule.run_at(time)) expected.insert(each.id);
    }
    plan->candidates(wager(1, "g"), time, [&](const TournamentPlan& each) {
      EXPECT_TRUE(found.insert(each.id).second);
    });
    ASSERT_EQ(found, expected) << time;
  }
}

TEST_F(TournamentsPlanTest, ARunBelongsToTheVersionInForceAtItsStart) {
  auto& daily = add("daily");
  daily.set_start("2026-02-01T20:00");
  daily.set_end("");
  daily.set_every("1d");
  daily.set_duration("2h");
  add("gone");
  const auto first = compile();
  document.Clear();
  auto& moved = add("daily");  // other hours, and another minimum
  moved.set_start("2026-02-01T20:30");
  moved.set_end("");
  moved.set_every("1d");
  moved.set_duration("3h");
  moved.set_minimum_stake("1000");
  const auto second = compile();
  const TimeUs published = at("2026-02-17T21:00Z");  // in the middle of runs of both
  const auto plan_at = [&](TimeUs time) {
    return time >= published ? PlanInForce{second.get(), published, 2} : PlanInForce{first.get()};
  };
  const std::string gone = " gone@2026-02-16T00:00Z=500";
  EXPECT_EQ(runs_by(plan_at, wager(500, "g"), at("2026-02-17T21:59Z")),
            "daily@2026-02-17T20:00Z=500" + gone);
  EXPECT_EQ(runs_by(plan_at, wager(500, "g"), at("2026-02-17T22:30Z")), gone.substr(1));
  EXPECT_EQ(runs_by(plan_at, wager(500, "g"), at("2026-02-18T20:45Z")), gone.substr(1));
  EXPECT_EQ(runs_by(plan_at, wager(100'000, "g"), at("2026-02-18T20:45Z")),
            "daily@2026-02-18T20:30Z=100000 gone@2026-02-16T00:00Z=100000");
}

TEST_F(TournamentsPlanTest, SaysWhereADocumentIsWrong) {
  auto& bad = add("Bad Id");
  bad.set_operator_(contract::SCORE_OPERATOR_UNSPECIFIED);
  bad.set_grace("8d");
  bad.set_minimum_stake("-1");
  bad.set_zone("Nowhere");
  bad.mutable_wagers()->add_games("");
  const std::string found = problems_of();
  for (const char* key : {"id", "operator", "grace", "minimum_stake", "zone", "wagers.games[0]"}) {
    EXPECT_NE(found.find(std::string("tournament[0].") + key), std::string::npos) << key << found;
  }
  document.Clear();
  add("a").set_asset("");
  add("a").set_end("2028-02-16");
  add("b").set_scale(19);
  auto& count = add("c");
  count.set_operator_(contract::SCORE_OPERATOR_COUNT);
  add("d").set_grace("0s");
  EXPECT_EQ(problems_of(),
            "tournament[0].asset tournament[1].end tournament[1].id tournament[2].scale "
            "tournament[3].scale");
}

}  // namespace
}  // namespace laurel::rules
