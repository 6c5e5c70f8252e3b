// Barriers: when a reader may be told that a partition has come as far as it asked for.
#include <gtest/gtest.h>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "support/partition_cluster.h"

namespace laurel::runtime {
namespace {

using actors::player::PlayerState;
using contract::Amount;
using laurel::testing::PartitionCluster;
using laurel::testing::Step;

// Sends the stake to a sink that is named by the game.
class Source : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    turn.send_latest({"sink", wager.game_id()}, wager.stake_total());
  }
};

class Sink : public Actor<PlayerState> {
 public:
  void on(const Amount&, Turn&) { state().set_wagers(state().wagers() + 1); }
};

struct PartitionBarrier : ::testing::Test {
  static PartitionOptions options() {
    PartitionOptions out;
    out.turns_max = 1;  // of a commit
    return out;
  }
  PartitionCluster cluster{2,
                           {describe<Source>("source").takes<contract::WagerSettled>(),
                            describe<Sink>("sink").handles<Amount>()},
                           std::make_shared<Catalog>(),
                           options()};
  std::optional<bool> passed;
  const std::uint16_t home = cluster.home_of("s");

  void wager(const std::string& player) {
    contract::WagerSettled out;
    out.set_tx_id("t" + player);
    *out.mutable_stake_total() = contract::make_amount(1, "EUR", 2);
    out.set_game_id("s");
    cluster.feed(player, out, 1000);
  }
  // A player of the other partition.
  std::string stranger() const {
    std::string name = "p";
    while (cluster.home_of(name) == home) name += "p";
    return name;
  }
  std::uint64_t came() { return cluster.root<PlayerState>("sink", "s").wagers(); }
  void barrier() {
    cluster.partition(home).barrier([this](bool durable) {
      EXPECT_FALSE(passed.has_value()) << "answered twice";
      passed = durable;
    });
  }
};

TEST_F(PartitionBarrier, SealsACommitOfItsOwnWhenThereIsNothingElse) {
  const CommitNumber before = cluster.partition(home).last_commit();
  barrier();
  EXPECT_FALSE(cluster.partition(home).idle());
  EXPECT_FALSE(passed.has_value());
  EXPECT_TRUE(cluster.step(home));
  EXPECT_EQ(passed, true);
  EXPECT_EQ(cluster.partition(home).last_commit(), before + 1);
  EXPECT_FALSE(cluster.step(home)) << "and only one";
  EXPECT_TRUE(cluster.partition(home).idle());
}

TEST_F(PartitionBarrier, IsNotPassedBeforeWhatWaitedInTheInboxIsDurable) {
  const std::string player = stranger();
  wager(player);
  EXPECT_TRUE(cluster.step(cluster.home_of(player)));  // durable, and on its way
  EXPECT_EQ(came(), 0U);
  barrier();
  while (cluster.step(home)) EXPECT_EQ(came(), 1U);
  EXPECT_EQ(passed, true);
}

TEST_F(PartitionBarrier, IsPassedAfterAsManyCommitsAsTheInboxTakes) {
  std::string player = stranger();
  for (int i = 0; i < 3; ++i) {
    wager(player);
    EXPECT_TRUE(cluster.step(cluster.home_of(player)));
    for (player += "x"; cluster.home_of(player) == home;) player += "x";
  }
  barrier();
  for (std::uint64_t commit = 1; !passed.has_value(); ++commit) {
    ASSERT_TRUE(cluster.step(home));
    ASSERT_LE(commit, 4U);
    if (passed) {
      EXPECT_EQ(came(), 3U);
    }
  }
}

TEST_F(PartitionBarrier, WaitsAgainWithWhatItWaitedForWhenTheCommitIsAborted) {
  const std::string player = stranger();
  wager(player);
  EXPECT_TRUE(cluster.step(cluster.home_of(player)));
  barrier();
  cluster.engine().script(home, {Step::kAborted, Step::kUnknownNotHappened, Step::kDurable});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(cluster.step(home));
    EXPECT_FALSE(passed.has_value());
    EXPECT_EQ(came(), 0U);
  }
  while (cluster.step(home)) EXPECT_EQ(came(), 1U);
  EXPECT_EQ(passed, true);
}

TEST_F(PartitionBarrier, IsToldThatItCannotBeKnownWhenThePartitionIsGivenUp) {
  barrier();
  cluster.partition(home).abandon();
  EXPECT_EQ(passed, false);
  passed.reset();
  barrier();
  cluster.partition(home).run(0);  // in the open commit by now
  cluster.partition(home).abandon();
  EXPECT_EQ(passed, false);
}

TEST_F(PartitionBarrier, TheResultOfAnEventNamesItsCommit) {
  const std::string player = stranger();
  contract::WagerSettled out;
  out.set_tx_id("t");
  *out.mutable_stake_total() = contract::make_amount(1, "EUR", 2);
  out.set_game_id("s");
  const auto submission = cluster.feed(player, out, 1000);
  cluster.settle();
  EXPECT_EQ(submission->results[0].partition, cluster.home_of(player));
  EXPECT_EQ(submission->results[0].commit, 1U);
}

}  // namespace
}  // namespace laurel::runtime
