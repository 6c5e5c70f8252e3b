#include "actors/player/program_plan.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "laurel/api/civil.h"
#include "laurel/contract/amount.h"
#include "laurel/testkit/utc_zones.h"

namespace laurel::actors::player {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kBits =
    R"(points_asset: "PTS" earn { name: "stake" asset: "BIT" per_stake { num: 1 den: 10 } })";
constexpr std::string_view kTiers = R"(
    tier { name: "bronze" }
    tier { name: "silver" from: 10000 multiplier { num: 2 den: 1 } }
    tier { name: "gold" from: 100000 multiplier { num: 3 den: 1 } })";

EarnProgram document(std::string_view text) {
  EarnProgram out;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(text), &out)) << text;
  return out;
}

contract::WagerSettled wager(Int128 stake, const char* asset = "BIT", std::uint32_t scale = 2) {
  contract::WagerSettled out;
  *out.mutable_stake_total() = contract::make_amount(stake, asset, scale);
  return out;
}

TimeUs at(const char* text) { return seconds_of(*rules::parse_civil(text)) * kMicrosPerSecond; }

struct ProgramPlanTest : ::testing::Test {
  std::shared_ptr<const ProgramPlan> compile(std::string_view text) {
    Problems problems;
    auto compiled = compile_program(document(text), zones, problems);
    complaints.clear();
    for (const Problem& problem : problems.all()) {
      complaints.push_back(problem.path + ": " + problem.message);
    }
    EXPECT_EQ(compiled == nullptr, !complaints.empty());
    return compiled;
  }
  std::shared_ptr<const ProgramPlan> good(std::string_view text) {
    auto compiled = compile(text);
    EXPECT_THAT(complaints, ElementsAre());
    return compiled;
  }
  Earned earned(std::string_view text, const contract::WagerSettled& bet, Standing standing = {},
                TimeUs when = 0) {
    plan = good(text);
    return evaluate(*plan, bet, when, standing);
  }
  std::string points(std::string_view text, const contract::WagerSettled& bet,
                     Standing standing = {}, TimeUs when = 0) {
    const Earned out = earned(text, bet, standing, when);
    EXPECT_EQ(out.reject_code, "") << out.reject_detail;
    return to_string(out.points);
  }
  UtcZones zones;
  std::shared_ptr<const ProgramPlan> plan;
  std::vector<std::string> complaints;
};

TEST_F(ProgramPlanTest, ARateIsPerWholeUnitWhateverTheScales) {
  EXPECT_EQ(points(kBits, wager(1'999)), "1");
  EXPECT_EQ(points(kBits, wager(999)), "0");
  EXPECT_EQ(points(kBits, wager(2, "BIT", 0)), "0");
  EXPECT_EQ(points(kBits, wager(20, "BIT", 0)), "2");
  EXPECT_EQ(points(std::string(kBits) + "points_scale: 2", wager(1'999)), "199");
  EXPECT_EQ(points(std::string(kBits) + "points_scale: 18", wager(1)), "1000000000000000");
}

TEST_F(ProgramPlanTest, WhatIsEarnedIsStakeWinAndFixedTogetherRoundedOnce) {
  const std::string text = R"(points_asset: "PTS" earn {
      name: "r" asset: "BIT" per_stake { num: 1 den: 3 } per_win { num: 1 den: 6 }
      fixed { num: 1 den: 2 } })";
  auto bet = wager(100);  // 1/3 + 1/6 + 1/2 = 1, of which no part is
  *bet.mutable_win_total() = contract::make_amount(100, "BIT", 2);
  EXPECT_EQ(points(text, bet), "1");
  bet.clear_win_total();
  EXPECT_EQ(points(text, bet), "0");
  EXPECT_EQ(points(text + "rounding: ROUNDING_HALF_UP", bet), "1");
}

TEST_F(ProgramPlanTest, ADesignatedRoundingIsUsed) {
  const auto rounded = [&](const char* rounding, Int128 stake) {
    return points(std::string(kBits) + " rounding: " + rounding, wager(stake));
  };
  EXPECT_EQ(rounded("ROUNDING_DOWN", 2'500), "2");
  EXPECT_EQ(rounded("ROUNDING_UP", 2'001), "3");
  EXPECT_EQ(rounded("ROUNDING_HALF_UP", 2'500), "3");
  EXPECT_EQ(rounded("ROUNDING_HALF_EVEN", 2'500), "2");
  EXPECT_EQ(rounded("ROUNDING_HALF_EVEN", 3'500), "4");
}

TEST_F(ProgramPlanTest, TheFirstRuleThatMatchesCountsOrAllDo) {
  const std::string text = R"(points_asset: "PTS"
      earn { name: "slots" asset: "BIT" when { categories: "slots" } per_stake { num: 2 den: 1 } }
      earn { name: "any" asset: "BIT" per_stake { num: 1 den: 3 } }
      earn { name: "bonus" fixed { num: 2 den: 3 } })";
  auto bet = wager(100);
  bet.set_game_category("slots");
  EXPECT_EQ(points(text, bet), "2");
  EXPECT_EQ(points(text, wager(300)), "1");
  EXPECT_EQ(points(text + "match: MATCH_ALL", bet), "3");            // 2 + 1/3 + 2/3
  const Earned all = earned(text + "match: MATCH_ALL", wager(100));  // 1/3 + 2/3
  EXPECT_EQ(to_string(all.points), "1");
  ASSERT_EQ(all.rules.size(), 2U);
  EXPECT_EQ(all.rules[0]->name, "any");
  EXPECT_EQ(all.rules[1]->name, "bonus");
}

TEST_F(ProgramPlanTest, TheTierIsThatHeldBeforeTheWager) {
  const std::string text = std::string(kBits) + std::string(kTiers);
  EXPECT_EQ(points(text, wager(5'000), {.lifetime = 0}), "5");
  EXPECT_EQ(points(text, wager(5'000), {.lifetime = 9'999}), "5");
  EXPECT_EQ(points(text, wager(5'000), {.lifetime = 10'000}), "10");
  EXPECT_EQ(points(text, wager(5'000), {.lifetime = 99'999}), "10");
  EXPECT_EQ(points(text, wager(5'000), {.lifetime = 100'000}), "15");
  EXPECT_EQ(points(text, wager(1'500), {.lifetime = 10'000}), "3");  // rounded after x2
  EXPECT_EQ(earned(text, wager(1), {.lifetime = -1}).tier->name, "bronze");
  EXPECT_EQ(earned(text, wager(1), {.lifetime = kInt128Max}).tier->name, "gold");
  // Thresholds are whole points.
  EXPECT_EQ(points(text + "points_scale: 2", wager(5'000), {.lifetime = 999'999}), "500");
  EXPECT_EQ(points(text + "points_scale: 2", wager(5'000), {.lifetime = 1'000'000}), "1000");
}

TEST_F(ProgramPlanTest, BelowTheFirstTierThereIsNone) {
  const std::string text =
      std::string(kBits) + R"(tier { name: "vip" from: 10 multiplier { num: 3 den: 2 } })";
  EXPECT_EQ(earned(text, wager(1'000), {.lifetime = 9}).tier->name, "");
  EXPECT_EQ(points(text, wager(2'000), {.lifetime = 9}), "2");
  EXPECT_EQ(points(text, wager(2'000), {.lifetime = 10}), "3");
  EXPECT_EQ(earned(kBits, wager(1)).tier->name, "");
}

TEST_F(ProgramPlanTest, CampaignsMultiplyInTheirTimeForTheirWagers) {
  const std::string text = std::string(kBits) + R"(
      campaign { name: "evening" every: "Fri 18:00-22:00" multiplier { num: 2 den: 1 } }
      campaign { name: "book" from: "2026-02-01" to: "2026-03-01" when { games: "book" }
                 multiplier { num: 3 den: 2 } })";
  auto bet = wager(2'000);
  const auto friday = at("2026-02-06 19:00");
  EXPECT_EQ(points(text, bet, {}, friday), "4");
  EXPECT_EQ(points(text, bet, {}, at("2026-02-06 22:00")), "2");
  bet.set_game_id("book");
  EXPECT_EQ(points(text, bet, {}, friday), "6");
  EXPECT_EQ(points(text, bet, {}, at("2026-02-05")), "3");
  EXPECT_EQ(points(text, bet, {}, at("2026-03-01")), "2");
  EXPECT_EQ(earned(text, bet, {}, friday).campaigns.size(), 2U);
}

TEST_F(ProgramPlanTest, OfAGroupOnlyTheLargestMultiplierCounts) {
  const std::string text = std::string(kBits) + R"(
      campaign { name: "a" group: "g" multiplier { num: 3 den: 2 } }
      campaign { name: "b" group: "g" multiplier { num: 2 den: 1 } }
      campaign { name: "c" group: "g" multiplier { num: 4 den: 2 } }
      campaign { name: "d" group: "h" multiplier { num: 5 den: 1 } }
      campaign { name: "e" multiplier { num: 7 den: 1 } })";
  const Earned out = earned(text, wager(1'000));
  EXPECT_EQ(to_string(out.points), "70");
  ASSERT_EQ(out.campaigns.size(), 3U);
  EXPECT_EQ(out.campaigns[0]->name, "b");  // the first of equal ones
}

TEST_F(ProgramPlanTest, CapsComeAfterRoundingTheBetsFirst) {
  const std::string text = std::string(kBits) + "cap { per_bet: 100 per_day: 150 }";
  const auto capped = [&](Int128 stake, Int128 today) {
    const Earned out = earned(text, wager(stake), {.earned_that_day = today});
    return to_string(out.points) + " of " + to_string(out.uncapped) + " " +
           std::string(out.capped_by);
  };
  EXPECT_EQ(capped(100'000, 0), "100 of 100 ");
  EXPECT_EQ(capped(101'000, 0), "100 of 101 bet");
  EXPECT_EQ(capped(101'000, 50), "100 of 101 bet");
  EXPECT_EQ(capped(101'000, 51), "99 of 101 day");
  EXPECT_EQ(capped(101'000, 150), "0 of 101 day");
  EXPECT_EQ(capped(101'000, 200), "0 of 101 day");
  EXPECT_EQ(capped(0, 200), "0 of 0 ");
  EXPECT_EQ(points(std::string(kBits) + "cap { per_bet: 0 }", wager(101'000)), "0");
  EXPECT_EQ(points(std::string(kBits) + "points_scale: 2 cap { per_bet: 5 }", wager(101'000)),
            "500");
}

TEST_F(ProgramPlanTest, AnAssetThatNoRuleNamesIsRejectedOrIgnored) {
  EXPECT_EQ(earned(kBits, wager(100, "EUR")).reject_code, "asset-not-in-program");
  EXPECT_EQ(points(std::string(kBits) + "other_assets: OTHER_ASSETS_IGNORE", wager(100, "EUR")),
            "0");
  EXPECT_EQ(points(R"(points_asset: "PTS")", wager(100, "EUR")), "0");
  EXPECT_EQ(
      points(R"(points_asset: "PTS" earn { name: "f" fixed { num: 5 den: 1 } })", wager(0, "EUR")),
      "5");
}

TEST_F(ProgramPlanTest, OverflowIsRejectedOnlyWhenTheResultDoesNotFit) {
  EXPECT_EQ(points(kBits, wager(kInt128Max)), to_string(kInt128Max / 1000));
  const std::string twice =
      R"(points_asset: "PTS" points_scale: 2 earn { name: "r" asset: "BIT" per_stake { num: 2 den: 1 } })";
  EXPECT_EQ(earned(twice, wager(kInt128Max)).reject_code, "amount-overflow");
  EXPECT_EQ(points(twice, wager(kInt128Max / 2)), to_string(kInt128Max - 1));
  EXPECT_EQ(points(twice + "cap { per_bet: 1 }", wager(kInt128Max / 2)), "100");
}

TEST_F(ProgramPlanTest, BadAmountsAreRejected) {
  EXPECT_EQ(earned(kBits, wager(-1)).reject_code, "bad-amount");
  EXPECT_EQ(earned(kBits, wager(1, "BIT", 39)).reject_code, "bad-amount");
  const std::string wins =
      R"(points_asset: "PTS" earn { name: "r" asset: "BIT" per_win { num: 1 den: 1 } })";
  auto bet = wager(100);
  *bet.mutable_win_total() = contract::make_amount(100, "EUR", 2);
  EXPECT_EQ(earned(wins, bet).reject_code, "win-asset-mismatch");
  EXPECT_EQ(points(kBits, bet), "0");  // no rule looks at it
  *bet.mutable_win_total() = contract::make_amount(-100, "BIT", 2);
  EXPECT_EQ(earned(wins, bet).reject_code, "bad-amount");
}

TEST_F(ProgramPlanTest, ComplainsOfAllThatIsWrongAtOnce) {
  compile(R"(points_scale: 19
      earn { name: "a" per_stake { num: 1 den: 10 } }
      earn { name: "a" asset: "BIT" }
      earn { asset: "BIT" when { games: "" } per_win { num: -1 den: 1 } fixed { num: 1 den: 0 } }
      tier { name: "x" from: 5 }
      tier { name: "y" from: 5 multiplier { num: 2000000000 den: 1 } }
      campaign { name: "c" to: "soon" multiplier { num: 1 den: 1 } }
      campaign { name: "d" zone: "UTC" every: "Fry" when { stake { asset: "E" min: "x" } }
                 multiplier { num: 1 den: 1 } })");
  EXPECT_THAT(
      complaints,
      ElementsAre(HasSubstr("points_asset: has 0 characters"),
                  HasSubstr("points_scale: 19 is out of range; allowed: 0 to 18"),
                  HasSubstr("earn[0].asset: is required"),
                  HasSubstr("earn[1].name: \"a\" is there twice"),
                  HasSubstr("earn[1]: earns nothing"), HasSubstr("earn[2].name: has 0 bytes"),
                  HasSubstr("earn[2].when.games[0]: is empty"),
                  HasSubstr("earn[2].per_win: -1/1 is out of range"),
                  HasSubstr("earn[2].fixed: 1/0 is out of range"),
                  HasSubstr("tier[1].multiplier: 2000000000/1 is out of range"),
                  HasSubstr("tier[1].from: 5 is not above"),
                  HasSubstr("campaign[0].to: \"soon\" is no time"),
                  HasSubstr("campaign[1].every[0]: \"Fry\" cannot be read"),
                  HasSubstr("campaign[1].when.stake[0].min: \"x\" is no amount")));
}

TEST_F(ProgramPlanTest, ComplainsOfAZoneNobodyKnowsOnce) {
  struct NoZones final : Zones {
    bool known(std::string_view) const override { return false; }
    std::optional<CivilTime> to_civil(std::string_view, TimeUs) const override { return {}; }
    std::optional<TimeUs> to_utc(std::string_view, const CivilTime&) const override { return {}; }
  };
  Problems problems;
  const auto nothing = compile_program(document(std::string(kBits) + R"(zone: "Mars/Olympus"
          campaign { name: "a" from: "2026-01-01" multiplier { num: 1 den: 1 } }
          campaign { name: "b" zone: "Mars/Base" multiplier { num: 1 den: 1 } })"),
                                       NoZones(), problems);
  EXPECT_EQ(nothing, nullptr);
  ASSERT_EQ(problems.all().size(), 2U);
  EXPECT_EQ(problems.all()[0].path, "zone");
  EXPECT_EQ(problems.all()[1].path, "campaign[1].zone");
}

TEST_F(ProgramPlanTest, RatesThatAreAddedUpNeedACommonDenominator) {
  const std::string text = R"(points_asset: "PTS"
      earn { name: "a" asset: "B" per_stake { num: 1 den: 999999937 } }
      earn { name: "b" asset: "B" per_stake { num: 1 den: 999999929 } })";
  good(text);
  compile(text + "match: MATCH_ALL");
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("earn[1]: its rates")));
}

}  // namespace
}  // namespace laurel::actors::player
