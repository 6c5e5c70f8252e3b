#include "laurel/runtime/partition.h"

#include <gtest/gtest.h>

#include "actors/player/player.h"
#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/queries.h"
#include "laurel/runtime/topics.h"
#include "support/program_catalog.h"
#include "support/scripted_engine.h"

namespace laurel::runtime {
namespace {

using actors::player::PlayerState;
using laurel::testing::ScriptedDisk;
using laurel::testing::ScriptedEngine;
using laurel::testing::Step;

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

std::shared_ptr<const Catalog> catalog() {
  // A point per cent.
  return laurel::testing::program_catalog(100, 1);
}

struct PartitionTest : ::testing::Test {
  explicit PartitionTest(std::vector<ActorType> types = {actors::player::actor_type()})
      : registry(std::move(types)) {
    open();
  }

  void open(PartitionOptions options = {}) {
    partition.reset();
    engine = std::make_unique<ScriptedEngine>(disk);
    partition = std::make_unique<Partition>(0, Partition::Ports{*engine, registry, hasher},
                                            catalog(), options);
    partition->start(*engine->take_over(0));
  }

  struct Wager {
    std::string tx;
    std::int64_t stake = 1;
    std::string player = "p1";
  };

  std::shared_ptr<Submission> feed(const std::vector<Wager>& wagers) {
    auto submission = std::make_shared<Submission>();
    submission->source = "test";
    EventBatch batch;
    for (const Wager& wager : wagers) {
      auto* envelope =
          google::protobuf::Arena::CreateMessage<contract::Envelope>(&submission->arena);
      auto* data =
          google::protobuf::Arena::CreateMessage<contract::WagerSettled>(&submission->arena);
      envelope->set_id("id-" + wager.tx);
      envelope->set_type("laurel.wager.settled.v1");
      envelope->set_subject(wager.player);
      envelope->set_time_us(1000);
      data->set_tx_id(wager.tx);
      *data->mutable_stake_total() = contract::make_amount(wager.stake, "EUR", 2);
      Event event;
      event.index = static_cast<std::uint32_t>(batch.events.size());
      event.envelope = envelope;
      event.data = data;
      event.natural_key = wager.player + "/" + wager.tx;
      event.routing_key = wager.player;
      contract::Event canonical;
      *canonical.mutable_envelope() = *envelope;
      canonical.set_data(data->SerializeAsString());
      event.canonical = canonical.SerializeAsString();
      batch.events.push_back(std::move(event));
      submission->records.push_back({"raw", 1, 3, false});
    }
    submission->results.resize(wagers.size());
    submission->pending = 1;
    submission->done = [this](Submission&) { ++answered; };
    batch.submission = submission;
    partition->take(std::move(batch));
    partition->run(0);
    return submission;
  }

  // Seals, and ends the commit with that step, as the host would.
  Partition::Next commit(Step step = Step::kDurable) {
    auto sealed = partition->seal();
    Outcome outcome = Outcome::kDurable;
    engine->commit(sealed, [&](Outcome ended) { outcome = ended; });
    engine->complete(0, step);
    const auto next = partition->on_outcome(sealed->number, outcome);
    if (next == Partition::Next::kTakeOver) partition->resolve(*engine->take_over(0));
    partition->run(0);
    return next;
  }
  void commit_all() {
    for (int i = 0; i < 100 && partition->can_seal(); ++i) commit();
  }

  std::string points(const std::string& player = "p1") {
    auto view = Queries(*engine, registry).actor("player", player);
    if (!view) return "none";
    const auto& state = static_cast<const PlayerState&>(*view->root);
    return to_string(contract::units_of(state.balances(0)));
  }
  std::size_t ledger_outputs() { return topic(kTopicLedger).size(); }
  std::vector<OutputRecord> topic(std::string_view name) {
    const auto state = disk->at(0);
    const auto it = state->topics.find(name);
    return it == state->topics.end() ? std::vector<OutputRecord>{} : it->second;
  }
  std::string last_dead_letter() {
    const auto letters = topic(kTopicDeadLetters);
    if (letters.empty()) return {};
    contract::DeadLetter letter;
    letter.ParseFromString(letters.back().value);
    return letter.reason();
  }

  std::shared_ptr<ScriptedDisk> disk = std::make_shared<ScriptedDisk>(std::uint16_t{1});
  ActorRegistry registry;
  adapters::OpenSslHasher hasher;
  std::unique_ptr<ScriptedEngine> engine;
  std::unique_ptr<Partition> partition;
  int answered = 0;
};

struct TwoTypesTest : PartitionTest {
  TwoTypesTest() : PartitionTest({actors::player::actor_type(), fussy_type()}) {}
  std::uint64_t fussy(const std::string& key) {
    auto view = Queries(*engine, registry).actor("fussy", key);
    return view ? static_cast<const PlayerState&>(*view->root).wagers() : 0;
  }
};

TEST_F(PartitionTest, NothingIsVisibleOrAnsweredBeforeItsCommitIsDurable) {
  const auto submission = feed({{"a", 5}});
  EXPECT_EQ(points(), "none");
  EXPECT_EQ(answered, 0);
  EXPECT_EQ(submission->results[0].status, EventStatus::kPending);
  commit();
  EXPECT_EQ(points(), "5");
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(submission->results[0].status, EventStatus::kAccepted);
}

TEST_F(PartitionTest, TheSameEventCountsOnceInOneCommitAcrossCommitsAndAfterARestart) {
  const auto first = feed({{"a", 5}, {"a", 5}});
  const auto sealed = partition->seal();
  const auto second = feed({{"a", 5}});  // while the first commit is in flight
  Outcome outcome{};
  engine->commit(sealed, [&](Outcome ended) { outcome = ended; });
  engine->complete(0);
  partition->on_outcome(sealed->number, outcome);
  commit();
  open();
  const auto third = feed({{"a", 5}});
  commit();
  EXPECT_EQ(first->results[1].status, EventStatus::kDuplicate);
  EXPECT_EQ(second->results[0].status, EventStatus::kDuplicate);
  EXPECT_EQ(third->results[0].status, EventStatus::kDuplicate);
  EXPECT_EQ(points(), "5");
  EXPECT_EQ(ledger_outputs(), 1U);
}

TEST_F(PartitionTest, TheSameKeyWithAnotherPayloadIsAConflictAndADeadLetter) {
  const auto submission = feed({{"a", 5}, {"a", 6}});
  commit();
  EXPECT_EQ(submission->results[1].status, EventStatus::kConflict);
  EXPECT_EQ(points(), "5");
  EXPECT_EQ(last_dead_letter(), "conflict");
}

TEST_F(PartitionTest, ARejectedEventLeavesNoKeySoThatACorrectedOneIsAccepted) {
  feed({{"a", 5}});
  partition.reset();
  engine = std::make_unique<ScriptedEngine>(disk);
  partition = std::make_unique<Partition>(0, Partition::Ports{*engine, registry, hasher},
                                          std::make_shared<Catalog>(), PartitionOptions{});
  partition->start(*engine->take_over(0));
  const auto refused = feed({{"a", 5}});
  commit();
  EXPECT_EQ(refused->results[0].reason, "no-program");
  open();
  const auto accepted = feed({{"a", 5}});
  commit();
  EXPECT_EQ(accepted->results[0].status, EventStatus::kAccepted);
}

TEST_F(PartitionTest, AnAbortRunsBothCommitsAgainInOrderAndNothingCountsTwice) {
  const auto first = feed({{"a", 1}, {"b", 2, "p2"}});
  const auto sealed = partition->seal();
  const auto second = feed({{"c", 3}});
  Outcome outcome{};
  engine->commit(sealed, [&](Outcome ended) { outcome = ended; });
  engine->complete(0, Step::kAborted);
  EXPECT_EQ(partition->on_outcome(sealed->number, outcome), Partition::Next::kContinue);
  EXPECT_EQ(answered, 0);
  partition->run(0);
  commit_all();
  EXPECT_EQ(points(), "4");
  EXPECT_EQ(points("p2"), "2");
  EXPECT_EQ(ledger_outputs(), 3U);
  EXPECT_EQ(answered, 2);
}

TEST_F(PartitionTest, AnUnknownOutcomeIsLearntByTakingOver) {
  feed({{"a", 1}});
  EXPECT_EQ(commit(Step::kUnknownHappened), Partition::Next::kTakeOver);
  EXPECT_EQ(points(), "1");
  EXPECT_EQ(answered, 1);
  feed({{"b", 2}});
  EXPECT_EQ(commit(Step::kUnknownNotHappened), Partition::Next::kTakeOver);
  EXPECT_EQ(points(), "1");
  EXPECT_EQ(answered, 1);
  commit_all();
  EXPECT_EQ(points(), "3");
  EXPECT_EQ(ledger_outputs(), 2U);
}

TEST_F(PartitionTest, FencedOrFailedItStopsAndAnswersThatTheOutcomeIsUnknown) {
  for (const Step step : {Step::kFenced, Step::kStoreFailed}) {
    open();
    const auto submission = feed({{"x" + std::to_string(static_cast<int>(step)), 1}});
    EXPECT_EQ(commit(step), Partition::Next::kStop);
    partition->abandon();
    EXPECT_EQ(submission->results[0].status, EventStatus::kPending);
  }
  EXPECT_EQ(points(), "none");
  EXPECT_EQ(answered, 2);
}

TEST_F(PartitionTest, ACommitRefusedForItsContentEndsWithOneDeadLetterAndNoLivelock) {
  const auto submission = feed({{"a", 1}, {"b", 2}, {"c", 3}});
  commit(Step::kRejected);
  commit(Step::kRejected);  // now turn by turn
  commit();                 // a
  commit(Step::kRejected);  // b alone: it is the one
  commit();                 // its dead letter
  commit_all();
  EXPECT_EQ(submission->results[0].status, EventStatus::kAccepted);
  EXPECT_EQ(submission->results[1].reason, "commit-refused");
  EXPECT_EQ(submission->results[2].status, EventStatus::kAccepted);
  EXPECT_EQ(points(), "4");
}

TEST_F(PartitionTest, TheOpenCommitIsBoundedAndTheRestGoesOnInTheNext) {
  open({.turns_max = 2});
  feed({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}});
  EXPECT_EQ(partition->queued_events(), 5U);
  commit();
  EXPECT_EQ(points(), "2");
  commit_all();
  EXPECT_EQ(points(), "5");
  EXPECT_EQ(partition->last_commit(), 3U);
}

TEST_F(PartitionTest, PassivatedActorsComeBackAsTheyWere) {
  open({.activation_bytes_max = 1});
  for (int i = 0; i < 20; ++i) {
    feed({{"a" + std::to_string(i), 1, "p" + std::to_string(i % 4)}});
    commit();
  }
  EXPECT_LE(partition->activations(), 1U);
  EXPECT_EQ(points("p0"), "5");
  EXPECT_EQ(points("p3"), "5");
}

TEST_F(PartitionTest, LedgerChunksOfManyCommitsReadAsOneLog) {
  for (int i = 0; i < 5; ++i) {
    feed(
        {{"x" + std::to_string(i), 1}, {"y" + std::to_string(i), 2}, {"z" + std::to_string(i), 3}});
    commit();
  }
  const Queries queries(*engine, registry);
  std::uint64_t expected = 0;
  std::string cursor;
  do {
    auto page = queries.table("player", "p1", "ledger", cursor, 4);
    ASSERT_TRUE(page);
    for (const auto& row : page->rows) EXPECT_EQ(row.sequence, ++expected);
    cursor = page->next;
  } while (!cursor.empty());
  EXPECT_EQ(expected, 15U);
}

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
  EXPECT_FALSE(Queries(*engine, registry).actor("idle", "p1").ok());
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
