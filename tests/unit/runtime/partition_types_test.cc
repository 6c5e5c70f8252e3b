// Several actor types that take the same event.
#include <stdexcept>

#include "unit/runtime/partition_fixture.h"

namespace laurel::runtime {
namespace {

// A second actor type of the same events: refuses stakes of 13, throws on 14, asks the player's
// neighbour on 15.
class Fussy : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    state().set_wagers(state().wagers() + 1);
    turn.emit("ledger", turn.self().key, contract::PointsPosted());
    if (wager.stake_total().units_low() == 13) return turn.reject("unlucky", "13");
    if (wager.stake_total().units_low() == 14) throw std::runtime_error("14");
    if (wager.stake_total().units_low() == 15) turn.send({"fussy", "echo"}, contract::DeadLetter());
    if (wager.stake_total().units_low() == 16) turn.send({"fussy", "loop"}, contract::Amount());
    if (wager.stake_total().units_low() == 17) turn.emit("audit", "k", contract::Amount());
    if (wager.stake_total().units_low() == 18) {
      turn.emit_latest("dead-letters", "k", contract::Amount());
    }
    if (wager.stake_total().units_low() == 19)
      turn.emit("position-changes", "k", contract::Amount());
  }
  void on(const contract::DeadLetter&, Turn&) { state().set_wagers(state().wagers() + 100); }
  void on(const contract::Amount&, Turn& turn) { turn.send({"fussy", "loop"}, contract::Amount()); }
};

ActorType fussy_type() {
  return describe<Fussy>("fussy")
      .takes<contract::WagerSettled>()
      .handles<contract::DeadLetter>()
      .handles<contract::Amount>();
}

// Declines every event after it changed everything it can.
class Idle : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    state().set_wagers(state().wagers() + 1);
    turn.emit("ledger", turn.self().key, contract::PointsPosted());
    turn.put("rows", wager.tx_id(), wager);
    turn.decline();
  }
};

ActorType idle_type(const std::string& only_with) {
  return describe<Idle>("idle")
      .takes<contract::WagerSettled>()
      .keyed_table<contract::WagerSettled>("rows")
      .only_with(only_with);
}

struct TwoTypesTest : PartitionTest {
  TwoTypesTest() : PartitionTest({actors::player::actor_type(), fussy_type()}) {}
  std::uint64_t fussy(const std::string& key) {
    auto view = Queries(*engine, registry, hasher).actor("fussy", key);
    return view ? static_cast<const PlayerState&>(*view->root).wagers() : 0;
  }
};

TEST_F(TwoTypesTest, OneFailingRewardHarmsNoOtherAndKeepsNoneOfItsEffects) {
  const auto submission = feed({{"a", 13}, {"b", 14}, {"c", 12}});
  commit();
  for (const auto& result : submission->results) EXPECT_EQ(result.status, EventStatus::kAccepted);
  EXPECT_EQ(points(), "39");
  EXPECT_EQ(fussy("p1"), 1U);
  EXPECT_EQ(topic(kTopicDeadLetters).size(), 2U);
  EXPECT_EQ(last_dead_letter(), "actor-threw");
  EXPECT_EQ(ledger_outputs(), 3U + 1U);  // the player's three, fussy's one good turn
}

struct IdleTypeTest : PartitionTest {
  IdleTypeTest() : PartitionTest({actors::player::actor_type(), idle_type("")}) {}
};

TEST_F(TwoTypesTest, NoActorWritesIntoATopicOfTheRuntimesOwn) {
  for (const std::int64_t stake : {17, 18, 19}) {
    feed({{std::to_string(stake), stake}});
    commit();
    EXPECT_EQ(last_dead_letter(), "undeclared-topic");
    EXPECT_EQ(fussy("p1"), 0U) << stake;
  }
  EXPECT_EQ(topic(kTopicDeadLetters).size(), 3U);
  EXPECT_EQ(topic(kTopicAudit).size(), 1U);  // the catalog's
  EXPECT_TRUE(topic(kTopicPositionChanges).empty());
  EXPECT_EQ(ledger_outputs(), 3U);  // the player's
}

TEST_F(IdleTypeTest, AnEventIsTakenOrRejectedAsTheOthersSayAndNothingOfTheTurnStays) {
  const auto submission = feed({{"a", 5}, {"b", -1}});
  commit();
  EXPECT_EQ(submission->results[0].status, EventStatus::kAccepted);
  EXPECT_EQ(submission->results[1].status, EventStatus::kRejected);
  EXPECT_EQ(last_dead_letter(), "bad-amount");
  EXPECT_EQ(ledger_outputs(), 1U);
  EXPECT_FALSE(Queries(*engine, registry, hasher).actor("idle", "p1").ok());
}

struct AsleepTypeTest : PartitionTest {
  AsleepTypeTest() : PartitionTest({actors::player::actor_type(), idle_type("sleep")}) {}
};

TEST_F(AsleepTypeTest, EventsPassATypeByAsLongAsNoCatalogHasItsDocument) {
  feed({{"a", 5}});
  EXPECT_EQ(partition->activations(), 1U);
  CatalogDocument document;
  document.name = "sleep";
  CatalogTerms terms;
  terms.number = 2;
  const auto version = std::make_shared<const CatalogVersion>(
      terms, std::vector{document}, std::vector<std::pair<PlanId, std::shared_ptr<const void>>>());
  partition->adopt(std::make_shared<const Catalog>(*catalog(), version));
  feed({{"b", 5}});
  EXPECT_EQ(partition->activations(), 2U);
}

TEST_F(TwoTypesTest, AMessageIsHandledInTheSameCommit) {
  feed({{"a", 15}});
  commit();
  EXPECT_EQ(partition->last_commit(), 1U);
  EXPECT_EQ(fussy("echo"), 100U);
}

TEST_F(TwoTypesTest, MessagesThatNeverEndAreCutOffWithADeadLetter) {
  PartitionOptions options;
  options.hops_total_max = 200;  // more than in one commit
  open(options);
  feed({{"a", 16}});
  commit_all();
  EXPECT_GT(partition->last_commit(), 2U);
  EXPECT_EQ(last_dead_letter(), "too-many-hops");
  EXPECT_EQ(points(), "16");
}

}  // namespace
}  // namespace laurel::runtime
