#include "actors/player/player.h"

#include <gtest/gtest.h>

#include "actors/player/ledger.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/testkit/testkit.h"

namespace laurel::actors::player {
namespace {

contract::WagerSettled wager(const std::string& tx, Int128 stake) {
  contract::WagerSettled out;
  out.set_tx_id(tx);
  *out.mutable_stake_total() = contract::make_amount(stake, "BIT", 2);
  return out;
}

EarnProgram one_point_per_ten_bits() {
  EarnProgram program;
  program.set_points_asset("PTS");
  EarnRule& rule = *program.add_earn();
  rule.set_name("stake");
  rule.set_asset("BIT");
  rule.mutable_per_stake()->set_num(1);
  rule.mutable_per_stake()->set_den(10);
  return program;
}

void add_tier(EarnProgram& program, const std::string& name, std::uint64_t from,
              std::int64_t multiplier) {
  Tier& tier = *program.add_tier();
  tier.set_name(name);
  tier.set_from(from);
  tier.mutable_multiplier()->set_num(multiplier);
  tier.mutable_multiplier()->set_den(1);
}

struct PlayerTest : ::testing::Test {
  PlayerTest() { kit.document(one_point_per_ten_bits()); }
  Int128 balance() { return contract::units_of(kit.root<PlayerState>().balances(0)); }
  LedgerBody body(std::size_t entry) {
    LedgerBody out;
    EXPECT_TRUE(out.ParseFromString(kit.log_row<LedgerEntry>("ledger", entry).body()));
    return out;
  }
  TestKit kit{actor_type()};
};

TEST_F(PlayerTest, EarnsPointsRoundedDownPerWager) {
  ASSERT_TRUE(kit.when(wager("a", 1999)));
  ASSERT_TRUE(kit.when(wager("b", 1001)));
  EXPECT_EQ(to_string(balance()), "2");
  EXPECT_EQ(kit.root<PlayerState>().wagers(), 2U);
}

TEST_F(PlayerTest, AWagerThatEarnsNothingCountsAndLeavesNoEntry) {
  ASSERT_TRUE(kit.when(wager("a", 999)));
  EXPECT_EQ(to_string(balance()), "0");
  EXPECT_TRUE(kit.log("ledger").empty());
}

TEST_F(PlayerTest, LedgerEntriesFormAChainWithTheReasonOfEach) {
  kit.cause("event-a", 7);
  ASSERT_TRUE(kit.when(wager("a", 5000)));
  kit.cause("event-b", 7);
  ASSERT_TRUE(kit.when(wager("b", 3000)));
  const auto first = kit.log_row<LedgerEntry>("ledger", 0);
  const auto second = kit.log_row<LedgerEntry>("ledger", 1);
  EXPECT_EQ(first.previous_hash(), std::string(32, '\0'));
  EXPECT_EQ(second.previous_hash(), first.hash());
  EXPECT_EQ(second.sequence(), 2U);
  LedgerBody body;
  ASSERT_TRUE(body.ParseFromString(second.body()));
  EXPECT_EQ(body.cause_event(), "event-b");
  EXPECT_EQ(body.catalog_version(), 7U);
  EXPECT_EQ(to_string(contract::units_of(body.balance_before())), "5");
  EXPECT_EQ(to_string(contract::units_of(body.balance_after())), "8");
}

TEST_F(PlayerTest, AnEntryIsStoredWithoutWhatFollowsFromIt) {
  ASSERT_TRUE(kit.when(wager("a", 5000)));
  LedgerEntry stored;
  ASSERT_TRUE(stored.ParseFromString(kit.log("ledger").at(0)));
  EXPECT_TRUE(stored.commitment().empty());
  EXPECT_TRUE(stored.previous_hash().empty());
}

TEST_F(PlayerTest, AnEntryThatWasStoredWithItsCommitmentAndTheHashBeforeKeepsThem) {
  LedgerEntry entry;
  entry.set_commitment("of a body that was erased");
  entry.set_previous_hash("as it was stored then");
  restore_entry(entry, nullptr, [](auto) { return Digest{}; });
  EXPECT_EQ(entry.commitment(), "of a body that was erased");
  EXPECT_EQ(entry.previous_hash(), "as it was stored then");
  entry.clear_commitment();
  restore_entry(entry, nullptr, [](auto) { return Digest{}; });
  EXPECT_EQ(entry.commitment(), "") << "nothing is made up for a body that is gone";
}

TEST_F(PlayerTest, EmitsEveryEntryAndTheLastBalance) {
  ASSERT_TRUE(kit.when(wager("a", 5000)));
  ASSERT_TRUE(kit.when(wager("b", 3000)));
  ASSERT_EQ(kit.emitted().size(), 3U);  // two entries, one balance
}

TEST_F(PlayerTest, RejectsAnotherAssetAndOverflowAndChangesNothing) {
  auto other_asset = wager("a", 100);
  other_asset.mutable_stake_total()->set_asset("EUR");
  EXPECT_FALSE(kit.when(other_asset));
  EXPECT_EQ(kit.reject_code(), "asset-not-in-program");
  auto program = one_point_per_ten_bits();
  program.mutable_earn(0)->mutable_per_stake()->set_num(200);
  program.mutable_earn(0)->mutable_per_stake()->set_den(1);
  kit.document(program);
  EXPECT_FALSE(kit.when(wager("a", kInt128Max)));
  EXPECT_EQ(kit.reject_code(), "amount-overflow");
  ASSERT_TRUE(kit.when(wager("a", kInt128Max / 2)));
  EXPECT_FALSE(kit.when(wager("b", kInt128Max / 2)));  // the sum does not fit
  EXPECT_EQ(kit.reject_code(), "amount-overflow");
  EXPECT_EQ(kit.root<PlayerState>().wagers(), 1U);
}

TEST_F(PlayerTest, RejectsPointsOfAnotherScaleThanItsOwn) {
  ASSERT_TRUE(kit.when(wager("a", 5000)));
  auto program = one_point_per_ten_bits();
  program.set_points_scale(2);
  kit.document(program);
  EXPECT_FALSE(kit.when(wager("b", 5000)));
  EXPECT_EQ(kit.reject_code(), "scale-mismatch");
}

TEST_F(PlayerTest, AProgramThatTheLedgersHeaderCannotHoldIsNotTaken) {
  auto program = one_point_per_ten_bits();
  program.set_points_asset(std::string(33, 'P'));
  EXPECT_NE(kit.document(program), "");
  program.set_points_asset(std::string(32, 'P'));
  program.set_points_scale(18);
  EXPECT_EQ(kit.document(program), "");
  EXPECT_TRUE(kit.when(wager("a", 5000)));
}

TEST_F(PlayerTest, ATestWagerEarnsNothingAndIsCountedApart) {
  auto test = wager("a", 5000);
  test.set_is_test(true);
  ASSERT_TRUE(kit.when(test));
  EXPECT_EQ(kit.root<PlayerState>().test_wagers(), 1U);
  EXPECT_EQ(kit.root<PlayerState>().wagers(), 0U);
  EXPECT_TRUE(kit.emitted().empty());
}

TEST_F(PlayerTest, CrossesATierWithItsPointsAndSaysSo) {
  auto program = one_point_per_ten_bits();
  add_tier(program, "bronze", 0, 1);
  add_tier(program, "silver", 10, 2);
  kit.document(program);
  ASSERT_TRUE(kit.when(wager("a", 12'000)));  // 12, still x1: the tier before counts
  ASSERT_TRUE(kit.when(wager("b", 1'500)));   // 1.5 x 2
  const auto& player = kit.root<PlayerState>();
  EXPECT_EQ(to_string(balance()), "15");
  EXPECT_EQ(to_string(contract::units_of(player.lifetime(0))), "15");
  EXPECT_EQ(player.tier(), "silver");
  std::vector<std::string> tiers;
  for (const auto& each : kit.emitted()) {
    contract::TierChanged changed;
    if (each.topic != "tiers") continue;
    ASSERT_TRUE(changed.ParseFromString(each.bytes));
    tiers.push_back(changed.tier_before() + ">" + changed.tier());
  }
  EXPECT_EQ(tiers, (std::vector<std::string>{">silver"}));
  EXPECT_EQ(body(1).tier(), "silver");
  EXPECT_EQ(body(1).tier_multiplier().num(), 2);
}

TEST_F(PlayerTest, TheLedgerExplainsAnEntry) {
  auto program = one_point_per_ten_bits();
  Campaign& campaign = *program.add_campaign();
  campaign.set_name("double");
  campaign.mutable_multiplier()->set_num(2);
  campaign.mutable_multiplier()->set_den(1);
  program.mutable_cap()->set_per_bet(7);
  kit.document(program);
  ASSERT_TRUE(kit.when(wager("a", 5000)));
  const LedgerBody why = body(0);
  EXPECT_EQ(to_string(balance()), "7");
  ASSERT_EQ(why.rules_size(), 1);
  EXPECT_EQ(why.rules(0).name(), "stake");
  EXPECT_EQ(why.rules(0).per_stake().den(), 10);
  EXPECT_FALSE(why.rules(0).has_per_win());
  ASSERT_EQ(why.campaigns_size(), 1);
  EXPECT_EQ(why.campaigns(0).campaign(), "double");
  EXPECT_EQ(why.campaigns(0).multiplier().num(), 2);
  EXPECT_EQ(to_string(contract::units_of(why.uncapped())), "10");
  EXPECT_EQ(why.capped_by(), "bet");
}

TEST_F(PlayerTest, EachDayHasItsOwnRoomInWhateverOrderTheWagersCome) {
  auto program = one_point_per_ten_bits();
  program.mutable_cap()->set_per_day(10);
  kit.document(program);
  constexpr TimeUs kDay = 86'400'000'000;
  const auto earn = [&](TimeUs at, const std::string& tx) {
    const Int128 before = kit.root<PlayerState>().balances_size() == 0 ? 0 : balance();
    kit.at(at);
    EXPECT_TRUE(kit.when(wager(tx, 7'000)));
    return to_string(balance() - before);
  };
  EXPECT_EQ(earn(5 * kDay, "a"), "7");
  EXPECT_EQ(earn(6 * kDay, "b"), "7");
  EXPECT_EQ(earn(6 * kDay - 1, "c"), "3");
  EXPECT_EQ(earn(7 * kDay - 1, "d"), "3");
  EXPECT_EQ(earn(5 * kDay, "e"), "0");
  EXPECT_EQ(earn(-1, "f"), "7");
  EXPECT_EQ(body(2).capped_by(), "day");
  EXPECT_EQ(kit.root<PlayerState>().wagers(), 6U);
}

TEST_F(PlayerTest, WithoutAProgramRejectsSoThatAReplayCanApplyIt) {
  TestKit bare(actor_type());
  EXPECT_FALSE(bare.when(wager("a", 100)));
  EXPECT_EQ(bare.reject_code(), "no-program");
}

}  // namespace
}  // namespace laurel::actors::player
