// Commits that the engine refuses for what they hold: it is found among much else, soon, and
// becomes a dead letter.
#include <limits>
#include <numeric>

#include "support/commits.h"
#include "unit/runtime/partition_fixture.h"

namespace laurel::runtime {
namespace {

using laurel::testing::journals;

struct PartitionRefusalsTest : PartitionTest {
  /// Of so many wagers those are refused, whatever they are with. How many commits it takes.
  std::size_t commits_with(std::size_t count, const std::vector<std::size_t>& bad) {
    disk = std::make_shared<ScriptedDisk>(std::uint16_t{1});
    open();
    std::vector<Wager> wagers(count);
    for (std::size_t i = 0; i < count; ++i) wagers[i].tx = std::to_string(10'000 + i);
    engine->refuse([&](const Commit& commit) {
      return std::ranges::any_of(
          bad, [&](std::size_t each) { return journals(commit, "id-" + wagers[each].tx); });
    });
    const auto submission = feed(wagers);
    for (std::size_t i = 0; i < 4 * count && partition->can_seal(); ++i) step();
    EXPECT_TRUE(partition->idle());
    std::vector<std::size_t> refused;
    for (std::size_t i = 0; i < count; ++i) {
      const EventResult& result = submission->results[i];
      if (result.reason == "commit-refused") refused.push_back(i);
      EXPECT_TRUE(result.status == EventStatus::kAccepted || result.reason == "commit-refused");
    }
    EXPECT_EQ(refused, bad);
    EXPECT_EQ(points(), bad.size() == count ? "none" : std::to_string(count - bad.size()));
    EXPECT_EQ(topic(kTopicDeadLetters).size(), bad.size());
    return engine->handed_in().size();
  }
  /// As the host does: the next commit fills while one is in flight.
  void step() {
    const auto sealed = partition->seal();
    partition->run(now_us);
    end(sealed);
  }
  /// Nothing is let through. Why the partition has stopped.
  std::string stopped_by_refusals() {
    engine->refuse([](const Commit&) { return true; });
    for (int i = 0; i < 20 && partition->can_seal(); ++i) step();
    EXPECT_TRUE(partition->failed());
    return partition->failure();
  }
};

// Twice all of it, ten halves, itself, its letter, and the rest by 1, 2, 4, ...
TEST_F(PartitionRefusalsTest, OneOfAThousandIsFoundByHalves) {
  for (const std::size_t bad : {0U, 1U, 371U, 500U, 998U, 999U}) {
    EXPECT_LE(commits_with(1000, {bad}), 24U) << bad;
  }
}

TEST_F(PartitionRefusalsTest, SeveralAreFoundOneAfterTheOther) {
  EXPECT_LE(commits_with(1000, {500, 501}), 46U);
  EXPECT_LE(commits_with(1000, {3, 400, 998}), 68U);
}

TEST_F(PartitionRefusalsTest, WhereAllAreRefusedEachTakesTwoCommits) {
  std::vector<std::size_t> all(300);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_LE(commits_with(300, all), 2 * 300 + 12U);
}

TEST_F(PartitionRefusalsTest, WhatIsRefusedOnceIsTriedAgain) {
  const auto submission = feed({{"a", 1}});
  commit(Step::kRejected);
  commit_all();
  EXPECT_EQ(submission->results[0].status, EventStatus::kAccepted);
}

TEST_F(PartitionRefusalsTest, WhatComesMeanwhileWaitsAndAllAreHandledInTheirOrder) {
  const auto first = feed({{"a", 1}, {"bad", 2}, {"c", 3}});
  engine->refuse([](const Commit& commit) { return journals(commit, "id-bad"); });
  step();
  const auto second = feed({{"d", 4}});
  step();
  EXPECT_EQ(partition->queued_events(), 4U);
  for (int i = 0; i < 20 && partition->can_seal(); ++i) step();
  EXPECT_TRUE(partition->idle());
  EXPECT_EQ(points(), "8");
  EXPECT_LT(first->results[0].commit, first->results[1].commit);
  EXPECT_LT(first->results[1].commit, first->results[2].commit);
  EXPECT_LE(first->results[2].commit, second->results[0].commit);
}

// Nothing is passed before it is durable: what is undone does not count. A dead letter counts.
TEST_F(PartitionRefusalsTest, TheWatermarkWaitsForWhatWasRefused) {
  // Or it goes by the clock when all is handled.
  auto times = std::make_shared<InputTimes>();
  times->inputs = {{"in/0", 0}};
  partition->set_input_times(times);
  now_us = 3'000'000'000;
  const auto submission = feed(
      {{"bad", 1, "p1", 100'000'000}, {"b", 1, "p1", 1'100'000'000}, {"c", 1, "p1", 2'100'000'000}},
      {"in/0", {"1", "2", "3"}});
  engine->refuse([](const Commit& commit) { return journals(commit, "id-bad"); });
  const std::int64_t lateness = PartitionOptions().lateness_us;
  std::vector<std::int64_t> told;
  for (int i = 0; i < 20 && partition->can_seal(); ++i) {
    step();
    if (told.empty() || told.back() != partition->watermark())
      told.push_back(partition->watermark());
  }
  EXPECT_EQ(submission->results[0].reason, "commit-refused");
  EXPECT_EQ(submission->results[2].status, EventStatus::kAccepted);
  const std::int64_t never = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(told, (std::vector<std::int64_t>{never, 100'000'000 - lateness,
                                             1'100'000'000 - lateness, 2'100'000'000 - lateness}));
}

TEST_F(PartitionRefusalsTest, AnAbortMeanwhileChangesNothing) {
  const auto submission = feed({{"a", 1}, {"bad", 2}, {"c", 3}, {"d", 4}});
  engine->refuse([](const Commit& commit) { return journals(commit, "id-bad"); });
  for (int i = 0; i < 40 && partition->can_seal(); ++i) {
    if (i % 2 == 1) engine->script(0, {i % 4 == 1 ? Step::kAborted : Step::kUnknownNotHappened});
    end(partition->seal());
  }
  EXPECT_TRUE(partition->idle());
  EXPECT_EQ(points(), "8");
  EXPECT_EQ(submission->results[1].reason, "commit-refused");
}

TEST_F(PartitionRefusalsTest, ARefusedDeadLetterStopsThePartition) {
  feed({{"a", 1}});
  EXPECT_NE(stopped_by_refusals().find("but the dead letter"), std::string::npos);
}

TEST_F(PartitionRefusalsTest, ARefusedOrderStopsThePartition) {
  partition->run(now_us);
  commit_all();  // what a start writes
  partition->act({}, nullptr);
  partition->run(now_us);
  EXPECT_NE(stopped_by_refusals().find("for an order"), std::string::npos);
}

// Such as the record of a version of the catalog.
TEST_F(PartitionRefusalsTest, ARefusedCommitWithoutWorkStopsThePartition) {
  partition->run(now_us);
  EXPECT_NE(stopped_by_refusals().find("holds no work"), std::string::npos);
}

}  // namespace
}  // namespace laurel::runtime
