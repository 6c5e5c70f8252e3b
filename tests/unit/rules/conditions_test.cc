#include "laurel/rules/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "laurel/contract/amount.h"

namespace laurel::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

contract::WagerSettled wager(Int128 stake, const char* asset = "EUR", std::uint32_t scale = 2) {
  contract::WagerSettled out;
  *out.mutable_stake_total() = contract::make_amount(stake, asset, scale);
  return out;
}

struct ConditionsTest : ::testing::Test {
  Conditions compile() {
    complaints.clear();
    return Conditions(document, "when", [this](const std::string& path, const std::string& what) {
      complaints.push_back(path + ": " + what);
    });
  }
  void band(const char* asset, const char* min, const char* max) {
    auto& stake = *document.add_stake();
    stake.set_asset(asset);
    stake.set_min(min);
    stake.set_max(max);
  }
  contract::Conditions document;
  std::vector<std::string> complaints;
};

TEST_F(ConditionsTest, WithoutAnyCountEveryWager) {
  EXPECT_TRUE(compile().matches(wager(1)));
  EXPECT_TRUE(Conditions().matches(wager(0)));
}

TEST_F(ConditionsTest, EveryListHasToNameTheWagersValue) {
  document.add_games("book");
  document.add_games("aces");
  document.add_categories("slots");
  const auto conditions = compile();
  auto bet = wager(100);
  bet.set_game_id("book");
  EXPECT_FALSE(conditions.matches(bet));
  bet.set_game_category("slots");
  EXPECT_TRUE(conditions.matches(bet));
  bet.set_game_id("aces");
  EXPECT_TRUE(conditions.matches(bet));
  bet.set_game_id("Book");
  EXPECT_FALSE(conditions.matches(bet));
  bet.clear_game_id();
  EXPECT_FALSE(conditions.matches(bet));
}

TEST_F(ConditionsTest, AnExcludedGameNeverCounts) {
  document.add_exclude_games("book");
  document.add_exclude_categories("table");
  const auto conditions = compile();
  auto bet = wager(100);
  EXPECT_TRUE(conditions.matches(bet));
  bet.set_game_id("book");
  EXPECT_FALSE(conditions.matches(bet));
  bet.set_game_id("aces");
  EXPECT_TRUE(conditions.matches(bet));
  bet.set_game_category("table");
  EXPECT_FALSE(conditions.matches(bet));
}

TEST_F(ConditionsTest, EachKindOfListIsCompared) {
  const auto one = [](auto add, auto set) {
    contract::Conditions one_list;
    (one_list.*add)("x");
    const Conditions conditions(one_list, "", [](const auto&, const auto&) { ADD_FAILURE(); });
    auto bet = wager(100);
    EXPECT_FALSE(conditions.matches(bet));
    (bet.*set)("x");
    EXPECT_TRUE(conditions.matches(bet));
  };
  using D = contract::Conditions;
  using W = contract::WagerSettled;
  one(static_cast<void (D::*)(const char*)>(&D::add_providers), &W::set_provider<const char*>);
  one(static_cast<void (D::*)(const char*)>(&D::add_verticals), &W::set_vertical<const char*>);
  one(static_cast<void (D::*)(const char*)>(&D::add_brands), &W::set_brand<const char*>);
  one(static_cast<void (D::*)(const char*)>(&D::add_jurisdictions),
      &W::set_jurisdiction<const char*>);
  one(static_cast<void (D::*)(const char*)>(&D::add_channels), &W::set_channel<const char*>);
  one(static_cast<void (D::*)(const char*)>(&D::add_funds), &W::set_funds<const char*>);
}

TEST_F(ConditionsTest, ABandIncludesBothItsEndsAtAnyScale) {
  band("EUR", "0.50", "100");
  band("BTC", "0.00000001", "");
  const auto conditions = compile();
  EXPECT_THAT(complaints, IsEmpty());
  EXPECT_FALSE(conditions.matches(wager(49)));
  EXPECT_TRUE(conditions.matches(wager(50)));
  EXPECT_TRUE(conditions.matches(wager(10'000)));
  EXPECT_FALSE(conditions.matches(wager(10'001)));
  EXPECT_FALSE(conditions.matches(wager(0, "EUR", 0)));  // 0.50 is above it
  EXPECT_TRUE(conditions.matches(wager(1, "EUR", 0)));
  EXPECT_TRUE(conditions.matches(wager(500'000, "EUR", 6)));
  EXPECT_FALSE(conditions.matches(wager(499'999, "EUR", 6)));
  EXPECT_TRUE(conditions.matches(wager(kInt128Max, "BTC", 8)));
  EXPECT_FALSE(conditions.matches(wager(0, "BTC", 8)));
  EXPECT_FALSE(conditions.matches(wager(100, "USD")));  // no band of its own
  EXPECT_FALSE(conditions.matches(wager(100, "EUR", 39)));
}

TEST_F(ConditionsTest, ABandThatNoStakeOfAScaleReachesHasNone) {
  band("EUR", "1000000000000000000000", "");  // 10^21: at scale 38 it does not fit 128 bits
  const auto conditions = compile();
  EXPECT_FALSE(conditions.matches(wager(kInt128Max, "EUR", 38)));
  EXPECT_TRUE(conditions.matches(wager(kInt128Max, "EUR", 0)));
}

TEST_F(ConditionsTest, AssetsAreCompared) {
  document.add_assets("EUR");
  document.add_assets("BIT");
  const auto conditions = compile();
  EXPECT_TRUE(conditions.matches(wager(1, "BIT")));
  EXPECT_FALSE(conditions.matches(wager(1, "USD")));
}

TEST_F(ConditionsTest, ComplainOfWhatMakesNoSense) {
  document.add_games("");
  document.add_assets("EUR");
  band("USD", "1", "");
  band("EUR", "2", "1.99");
  band("EUR", "1e3", "-1");
  band("", "", "");
  compile();
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("when.games[0]: is empty"),
                                      HasSubstr("when.stake[0].asset: is not in when.assets"),
                                      HasSubstr("when.stake[1]: has its min above its max"),
                                      HasSubstr("when.stake[2].min: \"1e3\" is no amount"),
                                      HasSubstr("when.stake[2].max: \"-1\" is no amount"),
                                      HasSubstr("when.stake[3].asset: is empty"),
                                      HasSubstr("when.stake[3].asset: is not in")));
}

TEST_F(ConditionsTest, ComplainOfAListOfWhichNothingIsLeft) {
  document.add_games("book");
  document.add_exclude_games("book");
  compile();
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("when.games: has nothing that is not in")));
}

}  // namespace
}  // namespace laurel::rules
