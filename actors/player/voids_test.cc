#include <gtest/gtest.h>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/testkit/testkit.h"

namespace laurel::actors::player {
namespace {

constexpr TimeUs kDay = 86'400'000'000;

contract::WagerSettled wager(const std::string& tx, Int128 stake) {
  contract::WagerSettled out;
  out.set_tx_id(tx);
  *out.mutable_stake_total() = contract::make_amount(stake, "BIT", 2);
  return out;
}

contract::WagerVoided voided(const std::string& tx) {
  contract::WagerVoided out;
  out.set_voids_tx_id(tx);
  out.set_void_reason("tech");
  return out;
}

struct VoidsTest : ::testing::Test {
  VoidsTest() {
    program.set_points_asset("PTS");
    EarnRule& rule = *program.add_earn();
    rule.set_name("stake");
    rule.set_asset("BIT");
    rule.mutable_per_stake()->set_num(1);
    rule.mutable_per_stake()->set_den(10);
    for (const auto& [name, from, multiplier] :
         {std::tuple("bronze", 0, 1), std::tuple("silver", 100, 2)}) {
      Tier& tier = *program.add_tier();
      tier.set_name(name);
      tier.set_from(static_cast<std::uint64_t>(from));
      tier.mutable_multiplier()->set_num(multiplier);
      tier.mutable_multiplier()->set_den(1);
    }
    kit.document(program);
  }
  const PlayerState& player() { return kit.root<PlayerState>(); }
  std::string balance() {
    return player().balances_size() == 0 ? "none"
                                         : to_string(contract::units_of(player().balances(0)));
  }
  std::string lifetime() { return to_string(contract::units_of(player().lifetime(0))); }
  LedgerBody body(std::size_t entry) {
    LedgerBody out;
    EXPECT_TRUE(out.ParseFromString(kit.log_row<LedgerEntry>("ledger", entry).body()));
    return out;
  }
  EarnProgram program;
  TestKit kit{actor_type()};
};

TEST_F(VoidsTest, NegatesTheEntryOfItsWagerAtItsRuleVersion) {
  kit.cause("bet", 3);
  ASSERT_TRUE(kit.when(wager("a", 50'000)));
  ASSERT_TRUE(kit.when(wager("b", 20'000)));
  kit.cause("void", 9);
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_EQ(balance(), "20");
  EXPECT_EQ(lifetime(), "20");
  const auto entry = kit.log_row<LedgerEntry>("ledger", 2);
  EXPECT_EQ(to_string(contract::units_of(entry.delta())), "-50");
  EXPECT_EQ(entry.previous_hash(), kit.log_row<LedgerEntry>("ledger", 1).hash());
  const LedgerBody why = body(2);
  EXPECT_EQ(why.reason(), "wager-voided");
  EXPECT_EQ(why.cause_event(), "void");
  EXPECT_EQ(why.catalog_version(), 3U);
  EXPECT_EQ(why.reverses(), 1U);
  EXPECT_EQ(why.void_reason(), "tech");
  EXPECT_EQ(to_string(contract::units_of(why.balance_before())), "70");
  EXPECT_EQ(player().voids(), 1U);
  EXPECT_EQ(player().wagers(), 2U);
  contract::PointsPosted posted;
  for (const auto& each : kit.emitted()) {
    if (each.topic != "ledger") continue;
    ASSERT_TRUE(posted.ParseFromString(each.bytes));
  }
  EXPECT_EQ(posted.reverses(), 1U);
}

TEST_F(VoidsTest, LowersTheTierAndLeavesWhatWasDecidedAfterTheWager) {
  ASSERT_TRUE(kit.when(wager("a", 100'000)));  // 100: silver
  ASSERT_TRUE(kit.when(wager("b", 10'000)));   // 20 as silver
  EXPECT_EQ(player().tier(), "silver");
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_EQ(balance(), "20");  // b keeps its double points
  EXPECT_EQ(player().tier(), "bronze");
  ASSERT_TRUE(kit.when(wager("c", 10'000)));
  EXPECT_EQ(balance(), "30");
  std::vector<std::string> tiers;
  for (const auto& each : kit.emitted()) {
    contract::TierChanged changed;
    if (each.topic != "tiers") continue;
    ASSERT_TRUE(changed.ParseFromString(each.bytes));
    tiers.push_back(changed.tier());
  }
  EXPECT_EQ(tiers, (std::vector<std::string>{"silver", "bronze"}));
}

TEST_F(VoidsTest, TakesBackWhatWasEarnedWhateverTheProgrammeSaysNow) {
  ASSERT_TRUE(kit.when(wager("a", 50'000)));
  program.mutable_earn(0)->mutable_per_stake()->set_num(7);
  program.set_points_asset("NEW");
  kit.document(program);
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_EQ(balance(), "0");
  EXPECT_EQ(kit.log_row<LedgerEntry>("ledger", 1).delta().asset(), "PTS");
  EXPECT_EQ(lifetime(), "0");
}

TEST_F(VoidsTest, TakesBackTheLargestAmount) {
  ASSERT_TRUE(kit.when(wager("a", kInt128Max)));
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_EQ(balance(), "0");
}

TEST_F(VoidsTest, ThatComesFirstIsKeptAndItsWagerIsAcceptedAsVoid) {
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_EQ(player().early_voids(), 1U);
  EXPECT_EQ(player().voids(), 1U);
  ASSERT_TRUE(kit.when(wager("b", 10'000)));  // another one earns
  EXPECT_EQ(balance(), "10");
  ASSERT_TRUE(kit.when(wager("a", 50'000)));
  EXPECT_EQ(balance(), "10");
  EXPECT_EQ(player().early_voids(), 0U);
  EXPECT_EQ(player().wagers(), 2U);
  EXPECT_EQ(kit.log("ledger").size(), 1U);
  EXPECT_FALSE(kit.row<EarlyVoid>("early_voids", "8:urn:testa").has_value());
}

TEST_F(VoidsTest, ThatComesFirstAlsoMakesAWagerVoidThatWouldBeRejected) {
  ASSERT_TRUE(kit.when(voided("a")));
  auto bet = wager("a", 50'000);
  bet.mutable_stake_total()->set_asset("EUR");
  EXPECT_TRUE(kit.when(bet));
  EXPECT_EQ(balance(), "none");
}

TEST_F(VoidsTest, OfAWagerThatEarnedNothingIsAcceptedAndEntersNothing) {
  ASSERT_TRUE(kit.when(wager("a", 1)));
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_TRUE(kit.log("ledger").empty());
  EXPECT_EQ(player().voids(), 1U);
  EXPECT_EQ(player().early_voids(), 0U);
}

TEST_F(VoidsTest, OfATestWagerTakesNothing) {
  auto test = wager("a", 50'000);
  test.set_is_test(true);
  ASSERT_TRUE(kit.when(test));
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_TRUE(kit.log("ledger").empty());
  EXPECT_EQ(player().early_voids(), 0U);
}

TEST_F(VoidsTest, GivesTheRoomBackToItsOwnDay) {
  program.mutable_cap()->set_per_day(60);
  kit.document(program);
  const auto earn = [&](TimeUs at, const std::string& tx) {
    const std::string before = balance() == "none" ? "0" : balance();
    kit.at(at);
    EXPECT_TRUE(kit.when(wager(tx, 50'000)));
    return std::stoi(balance()) - std::stoi(before);
  };
  EXPECT_EQ(earn(5 * kDay, "a"), 50);
  EXPECT_EQ(earn(5 * kDay + 1, "b"), 10);  // cut short, and stays so
  EXPECT_EQ(earn(6 * kDay, "c"), 50);
  kit.at(7 * kDay);  // the void's own day does not matter
  ASSERT_TRUE(kit.when(voided("a")));
  EXPECT_EQ(balance(), "60");
  EXPECT_EQ(earn(6 * kDay, "d"), 10);
  ASSERT_TRUE(kit.when(voided("c")));  // the day counted last
  EXPECT_EQ(earn(5 * kDay + 2, "e"), 50);
  EXPECT_EQ(earn(5 * kDay + 3, "f"), 0);
  EXPECT_EQ(earn(6 * kDay + 2, "g"), 50);
}

TEST_F(VoidsTest, OfAPartIsRejected) {
  ASSERT_TRUE(kit.when(wager("a", 50'000)));
  auto part = voided("a");
  part.set_partial(true);
  EXPECT_FALSE(kit.when(part));
  EXPECT_EQ(kit.reject_code(), "partial-void");
  EXPECT_EQ(player().voids(), 0U);
  EXPECT_EQ(balance(), "50");
}

TEST_F(VoidsTest, WorksWithoutAProgramme) {
  TestKit bare(actor_type());
  ASSERT_TRUE(bare.when(voided("a")));
  EXPECT_EQ(bare.root<PlayerState>().early_voids(), 1U);
  ASSERT_TRUE(bare.when(wager("a", 1)));
}

}  // namespace
}  // namespace laurel::actors::player
