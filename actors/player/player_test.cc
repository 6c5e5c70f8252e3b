#include "actors/player/player.h"

#include <gtest/gtest.h>

#include "laurel/contract/amount.h"
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
  program.set_stake_asset("BIT");
  program.set_stake_scale(2);
  program.mutable_rate()->set_num(1);
  program.mutable_rate()->set_den(1000);
  return program;
}

struct PlayerTest : ::testing::Test {
  PlayerTest() { kit.document(one_point_per_ten_bits()); }
  Int128 balance() { return contract::units_of(kit.root<PlayerState>().balances(0)); }
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

TEST_F(PlayerTest, EmitsEveryEntryAndTheLastBalance) {
  ASSERT_TRUE(kit.when(wager("a", 5000)));
  ASSERT_TRUE(kit.when(wager("b", 3000)));
  ASSERT_EQ(kit.emitted().size(), 3U);  // two entries, one balance
}

TEST_F(PlayerTest, RejectsAnotherScaleAnotherAssetAndOverflowAndChangesNothing) {
  auto other_scale = wager("a", 100);
  other_scale.mutable_stake_total()->set_scale(3);
  EXPECT_FALSE(kit.when(other_scale));
  EXPECT_EQ(kit.reject_code(), "scale-mismatch");
  auto other_asset = wager("a", 100);
  other_asset.mutable_stake_total()->set_asset("EUR");
  EXPECT_FALSE(kit.when(other_asset));
  EXPECT_EQ(kit.reject_code(), "asset-not-in-program");
  auto program = one_point_per_ten_bits();
  program.mutable_rate()->set_num(2);
  program.mutable_rate()->set_den(1);
  kit.document(program);
  EXPECT_FALSE(kit.when(wager("a", kInt128Max)));
  EXPECT_EQ(kit.reject_code(), "amount-overflow");
  ASSERT_TRUE(kit.when(wager("a", kInt128Max / 2)));
  EXPECT_FALSE(kit.when(wager("b", kInt128Max / 2)));  // the sum does not fit
  EXPECT_EQ(kit.reject_code(), "amount-overflow");
  EXPECT_EQ(kit.root<PlayerState>().wagers(), 1U);
}

TEST_F(PlayerTest, RejectsAProgramThatTheLedgersHeaderCannotHold) {
  auto program = one_point_per_ten_bits();
  program.set_points_asset(std::string(33, 'P'));
  kit.document(program);
  EXPECT_FALSE(kit.when(wager("a", 5000)));
  EXPECT_EQ(kit.reject_code(), "bad-program");
  program.set_points_asset(std::string(32, 'P'));
  program.set_points_scale(39);
  kit.document(program);
  EXPECT_FALSE(kit.when(wager("a", 5000)));
  EXPECT_EQ(kit.reject_code(), "bad-program");
  program.set_points_scale(38);
  kit.document(program);
  EXPECT_TRUE(kit.when(wager("a", 5000)));
}

TEST_F(PlayerTest, WithoutAProgramRejectsSoThatAReplayCanApplyIt) {
  TestKit bare(actor_type());
  EXPECT_FALSE(bare.when(wager("a", 100)));
  EXPECT_EQ(bare.reject_code(), "no-program");
}

}  // namespace
}  // namespace laurel::actors::player
