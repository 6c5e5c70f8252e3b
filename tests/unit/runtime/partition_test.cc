#include "laurel/runtime/keys.h"
#include "unit/runtime/partition_fixture.h"

namespace laurel::runtime {
namespace {

using actors::player::LedgerEntry;

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
  commit(Step::kRejected);  // now by halves
  commit();                 // a
  commit(Step::kRejected);  // b alone: it is the one
  commit();                 // its dead letter
  commit_all();
  EXPECT_EQ(submission->results[0].status, EventStatus::kAccepted);
  EXPECT_EQ(submission->results[1].reason, "commit-refused");
  EXPECT_EQ(submission->results[2].status, EventStatus::kAccepted);
  EXPECT_EQ(points(), "4");
}

// By pages of any size: the first of a page needs what the last of the page before says.
TEST_F(PartitionTest, AnEntryIsShownWithItsCommitmentAndTheHashBeforeIt) {
  for (int commits = 0; commits < 3; ++commits) {  // two chunks of three rows, one of two
    const std::string name = "x" + std::to_string(commits);
    feed({{name + "a", 7}, {name + "b", 8}});
    if (commits < 2) feed({{name + "c", 9}});
    commit();
  }
  const Queries queries(*engine, registry, hasher);
  for (const std::size_t page_rows : {1U, 2U, 3U, 5U, 1000U}) {
    std::string cursor, previous(32, '\0');
    std::size_t rows = 0;
    do {
      const auto page = queries.table("player", "p1", "ledger", cursor, page_rows);
      ASSERT_TRUE(page);
      for (const auto& row : page->rows) {
        const auto& entry = static_cast<const LedgerEntry&>(*row.row);
        EXPECT_EQ(entry.previous_hash(), previous);
        EXPECT_EQ(entry.commitment(), bytes_of(hasher.sha256({entry.salt(), entry.body()})));
        const std::string header = big_endian(row.sequence) + '\3' + "PTS" + std::string(9, '\0') +
                                   big_endian(entry.delta().units_low()) + entry.commitment();
        EXPECT_EQ(entry.hash(), bytes_of(hasher.sha256({previous, header})));
        previous = entry.hash();
        ++rows;
      }
      cursor = page->next;
    } while (!cursor.empty());
    EXPECT_EQ(rows, 8U);
  }
  // Without its second chunk of three.
  auto lost = *disk->at(0);
  ASSERT_EQ(lost.rows.erase({Space::kLog, log_key("player", "p1", "ledger", 6)}), 1U);
  disk->put(0, std::move(lost));
  for (const std::uint64_t from : {1U, 4U, 7U}) {
    const auto page = queries.table("player", "p1", "ledger", big_endian(from), 1000);
    ASSERT_FALSE(page) << from;
    EXPECT_EQ(page.error().code, ErrorCode::kStoreFailed);
  }
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
  EXPECT_EQ(ledger_rows(4), 15U);
}

TEST_F(PartitionTest, WhoeverIsAllOfACommitMakesNoRowOfAllOfIt) {
  constexpr std::uint64_t kWagers = 4000;
  std::vector<Wager> wagers;
  for (std::uint64_t i = 0; i < kWagers; ++i) wagers.push_back({"w" + std::to_string(i)});
  feed(wagers);
  const auto sealed = partition->seal();
  std::size_t chunks = 0, bytes = 0;
  for (const Row& row : sealed->rows) {
    if (row.space != Space::kLog) continue;
    ++chunks;
    bytes += row.value->size();
    EXPECT_LT(row.value->size(), 300'000U);
  }
  EXPECT_GT(bytes, 600'000U);  // or nothing was split
  EXPECT_GT(chunks, 2U);
  engine->commit(sealed, [](Outcome) {});
  engine->complete(0, Step::kDurable);
  partition->on_outcome(sealed->number, Outcome::kDurable);
  EXPECT_EQ(ledger_rows(700), kWagers);
}

}  // namespace
}  // namespace laurel::runtime
