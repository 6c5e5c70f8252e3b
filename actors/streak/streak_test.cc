#include "actors/streak/streak.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "laurel/contract/amount.h"
#include "laurel/contract/credit.pb.h"
#include "laurel/testkit/testkit.h"

namespace laurel::actors::streak {
namespace {

constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
constexpr TimeUs kFirstDay = 20'000 * kDay;

struct StreakTest : ::testing::Test {
  StreakTest() { kit.document(settings()); }
  static Settings settings(std::uint32_t days = 3, std::uint64_t bonus = 50) {
    Settings out;
    out.set_days(days);
    out.set_bonus(bonus);
    out.set_points_asset("PTS");
    return out;
  }
  bool wager(const std::string& tx, int day) {
    kit.at(kFirstDay + day * kDay + 7'000'000);
    contract::WagerSettled out;
    out.set_tx_id(tx);
    return kit.when(out);
  }
  bool voided(const std::string& tx, int day = 50) {
    kit.at(kFirstDay + day * kDay);
    contract::WagerVoided out;
    out.set_voids_tx_id(tx);
    return kit.when(out);
  }
  // All that was credited so far, less what was taken back.
  Int128 credited() {
    Int128 sum = 0;
    for (const auto& each : kit.sent()) {
      EXPECT_EQ(each.to, (ActorId{"player", "p1"}));
      sum += contract::units_of(static_cast<const contract::PointsCredit&>(*each.message).delta());
    }
    return sum;
  }
  TestKit kit{actor_type()};
};

TEST_F(StreakTest, CreditsABonusForEachSoManyDaysInARow) {
  for (int day = 0; day < 2; ++day) ASSERT_TRUE(wager("a" + std::to_string(day), day));
  ASSERT_TRUE(wager("again", 1));
  EXPECT_TRUE(kit.sent().empty());
  ASSERT_TRUE(wager("a2", 2));
  ASSERT_EQ(kit.sent().size(), 1U);
  const auto& credit = static_cast<const contract::PointsCredit&>(*kit.sent()[0].message);
  EXPECT_EQ(credit.reason(), "streak");
  EXPECT_EQ(credit.reference(), "streak/1");
  EXPECT_EQ(credit.delta().asset(), "PTS");
  for (int day = 3; day < 6; ++day) ASSERT_TRUE(wager("b" + std::to_string(day), day));
  EXPECT_EQ(to_string(credited()), "100");
}

TEST_F(StreakTest, AMissingDayBeginsANewRow) {
  for (const int day : {0, 1, 3, 4, 6, 7}) ASSERT_TRUE(wager("a" + std::to_string(day), day));
  EXPECT_TRUE(kit.sent().empty());
  ASSERT_TRUE(wager("late", 2));  // joins 0 to 4: five days, one bonus
  EXPECT_EQ(to_string(credited()), "50");
  ASSERT_TRUE(wager("later", 5));  // joins 0 to 7: eight days, two
  EXPECT_EQ(to_string(credited()), "100");
}

TEST_F(StreakTest, ADayWhoseOnlyWagerIsVoidedTakesTheBonusBack) {
  for (int day = 0; day < 3; ++day) ASSERT_TRUE(wager("a" + std::to_string(day), day));
  ASSERT_TRUE(wager("second", 1));
  ASSERT_TRUE(voided("a1"));
  EXPECT_EQ(to_string(credited()), "50");  // the day has another
  ASSERT_TRUE(voided("second"));
  ASSERT_EQ(kit.sent().size(), 2U);
  const auto& back = static_cast<const contract::PointsCredit&>(*kit.sent()[1].message);
  EXPECT_EQ(back.reason(), "streak-voided");
  EXPECT_EQ(back.reference(), "streak/1");
  EXPECT_EQ(to_string(credited()), "0");
  ASSERT_TRUE(wager("third", 1));
  EXPECT_EQ(to_string(credited()), "50");
}

TEST_F(StreakTest, WhatIsTakenBackIsWhatWasCreditedAlsoUnderAnotherCatalog) {
  for (int day = 0; day < 3; ++day) ASSERT_TRUE(wager("a" + std::to_string(day), day));
  kit.document(settings(7, 999));
  ASSERT_TRUE(voided("a1"));
  EXPECT_EQ(to_string(credited()), "0");
}

TEST_F(StreakTest, AVoidThatComesFirstMakesItsWagerCountForNothing) {
  ASSERT_TRUE(voided("a1"));
  for (int day = 0; day < 3; ++day) ASSERT_TRUE(wager("a" + std::to_string(day), day));
  EXPECT_TRUE(kit.sent().empty());
  EXPECT_EQ(kit.root<State>().early_voids(), 0U);
}

TEST_F(StreakTest, DeclinesWhatIsNothingToIt) {
  contract::WagerSettled test;
  test.set_tx_id("t");
  test.set_is_test(true);
  EXPECT_FALSE(kit.when(test));
  EXPECT_TRUE(kit.declined());
  auto slots = settings();
  slots.mutable_wagers()->add_categories("slots");
  kit.document(slots);
  EXPECT_FALSE(wager("a", 0));
  EXPECT_TRUE(kit.declined());
  TestKit bare(actor_type());
  EXPECT_FALSE(bare.when(contract::WagerSettled()));
  EXPECT_TRUE(bare.declined());
}

TEST_F(StreakTest, SaysWhatIsWrongWithItsSettings) {
  EXPECT_NE(kit.document(settings(1)), "");
  EXPECT_NE(kit.document(settings(3, 0)), "");
  auto nowhere = settings();
  nowhere.set_zone("Nowhere");
  EXPECT_NE(kit.document(nowhere), "");
}

// The definition, as slowly as it is stated: for each row of days, its length / 3.
TEST_F(StreakTest, AnyOrderOfWagersAndVoidsCreditsWhatIsOwed) {
  std::uint64_t seed = 11;
  const auto next = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((seed >> 33) % bound);
  };
  std::multimap<int, std::string> wagers;
  for (int step = 0; step < 300; ++step) {
    if (!wagers.empty() && next(5) < 2) {
      auto it = wagers.begin();
      std::advance(it, next(wagers.size()));
      ASSERT_TRUE(voided(it->second));
      wagers.erase(it);
    } else {
      const int day = next(25);
      wagers.emplace(day, "w" + std::to_string(step));
      ASSERT_TRUE(wager("w" + std::to_string(step), day));
    }
    std::set<int> days;
    for (const auto& [day, tx] : wagers) days.insert(day);
    int owed = 0;
    for (int day = 0, length = 0; day < 26; ++day) {
      length = days.contains(day) ? length + 1 : (owed += length / 3, 0);
    }
    ASSERT_EQ(to_string(credited()), std::to_string(owed * 50)) << step;
  }
}

}  // namespace
}  // namespace laurel::actors::streak
