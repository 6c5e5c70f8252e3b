/// The laws of laurel/runtime/engine.h, for every implementation, unchanged.
///
/// An implementation gives a Fixture:
///     std::unique_ptr<runtime::Engine> open();   // on the same data each time; at least 4
///     partitions
/// and INSTANTIATE_TYPED_TEST_SUITE_P(Name, EngineConformance, Fixture). A crash is: the engine is
/// dropped without close().
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "conformance/engine_driver.h"

namespace laurel::testing {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

template <class Fixture>
class EngineConformance : public ::testing::Test {
 protected:
  EngineConformance() { open(); }

  void open() { engine_ = fixture_.open(); }
  void restart() {
    engine_->close();
    engine_.reset();
    open();
  }
  void crash() {
    engine_.reset();
    open();
  }
  EngineDriver owner(runtime::PartitionId partition) {
    EngineDriver driver(*engine_, partition);
    driver.take_over();
    return driver;
  }

  Fixture fixture_;
  std::unique_ptr<runtime::Engine> engine_;
};

TYPED_TEST_SUITE_P(EngineConformance);

// ---- Rows --------------------------------------------------------------------------------------

TYPED_TEST_P(EngineConformance, ACommitIsVisibleOnceItIsDurable) {
  auto owner = this->owner(0);
  EXPECT_EQ(owner.get("a"), std::nullopt);
  ASSERT_EQ(owner.commit({put("a", "1")}), runtime::Outcome::kDurable);
  EXPECT_EQ(owner.get("a"), "1");
}

TYPED_TEST_P(EngineConformance, RowsAreReplacedAndDeletedInEverySpace) {
  using runtime::Space;
  auto owner = this->owner(1);
  for (const Space space :
       {Space::kState, Space::kLog, Space::kJournal, Space::kTimers, Space::kStaged}) {
    ASSERT_EQ(owner.commit({put("gone", "1", space), put("kept", "1", space)}),
              runtime::Outcome::kDurable);
    ASSERT_EQ(owner.commit({erase("gone", space), put("kept", "2", space)}),
              runtime::Outcome::kDurable);
    EXPECT_EQ(owner.get("gone", space), std::nullopt);
    EXPECT_EQ(owner.get("kept", space), "2");
  }
}

TYPED_TEST_P(EngineConformance, TheSameKeyIsAnotherRowInAnotherSpaceAndPartition) {
  using runtime::Space;
  auto first = this->owner(0);
  auto second = this->owner(1);
  ASSERT_EQ(first.commit({put("k", "state", Space::kState), put("k", "log", Space::kLog)}),
            runtime::Outcome::kDurable);
  ASSERT_EQ(second.commit({put("k", "other")}), runtime::Outcome::kDurable);
  EXPECT_EQ(first.get("k", Space::kState), "state");
  EXPECT_EQ(first.get("k", Space::kLog), "log");
  EXPECT_EQ(first.get("k", Space::kJournal), std::nullopt);
  EXPECT_EQ(second.get("k"), "other");
}

TYPED_TEST_P(EngineConformance, KeysAndValuesMayHoldAnyBytes) {
  using std::string_literals::operator""s;
  auto owner = this->owner(0);
  const std::string key = "\0\xff\0"s;
  const std::string value = "\0\n\xff"s;
  ASSERT_EQ(owner.commit({put(key, value), put("empty", "")}), runtime::Outcome::kDurable);
  EXPECT_EQ(owner.get(key), value);
  EXPECT_EQ(owner.get("empty"), "");
}

TYPED_TEST_P(EngineConformance, ACommitWithNothingInItCounts) {
  auto owner = this->owner(0);
  ASSERT_EQ(owner.commit(owner.next()), runtime::Outcome::kDurable);
  EXPECT_EQ(this->owner(0).number(), 1U);
}

TYPED_TEST_P(EngineConformance, ManyReadsAnswerInTheOrderOfTheirKeys) {
  auto owner = this->owner(2);
  ASSERT_EQ(owner.commit({put("a", "1"), put("b", "2"), put("c", "3")}),
            runtime::Outcome::kDurable);
  std::vector<std::optional<std::string>> values = {"left over"};
  for (const auto& keys : std::vector<std::vector<std::string_view>>{
           {"a", "b", "missing", "z"}, {"c", "a", "b", "a"}, {}}) {
    ASSERT_TRUE(this->engine_->multi_get(2, runtime::Space::kState, keys, values).ok());
    ASSERT_EQ(values.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(values[i], owner.get(keys[i]));
  }
}

TYPED_TEST_P(EngineConformance, AScanIsAscendingWithinItsBoundsAndItsPartition) {
  auto neighbour = this->owner(0);
  auto owner = this->owner(1);
  auto other_neighbour = this->owner(2);
  ASSERT_EQ(neighbour.commit({put("b", "of 0")}), runtime::Outcome::kDurable);
  ASSERT_EQ(other_neighbour.commit({put("b", "of 2")}), runtime::Outcome::kDurable);
  ASSERT_EQ(owner.commit({put("a", "1"), put("b", "2"), put("c", "3"), put("d", "4"),
                          put("b", "log", runtime::Space::kLog)}),
            runtime::Outcome::kDurable);
  ASSERT_EQ(owner.commit({erase("c")}), runtime::Outcome::kDurable);
  const auto view = this->engine_->view(1);
  ASSERT_TRUE(view.ok());
  const auto scan = [&](std::string_view from, std::string_view to, std::size_t rows_max) {
    std::vector<std::string> rows;
    EXPECT_TRUE((*view)
                    ->scan(runtime::Space::kState, from, to,
                           [&](std::string_view key, std::string_view value) {
                             rows.push_back(std::string(key) + "=" + std::string(value));
                             return rows.size() < rows_max;
                           })
                    .ok());
    return rows;
  };
  EXPECT_THAT(scan("", "", 100), ElementsAre("a=1", "b=2", "d=4"));
  EXPECT_THAT(scan("b", "d", 100), ElementsAre("b=2"));
  EXPECT_THAT(scan("aa", "", 100), ElementsAre("b=2", "d=4"));
  EXPECT_THAT(scan("", "", 2), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(scan("x", "", 100), IsEmpty());
}

TYPED_TEST_P(EngineConformance, AViewStaysAtItsCommit) {
  auto owner = this->owner(0);
  ASSERT_EQ(owner.commit({put("a", "1")}), runtime::Outcome::kDurable);
  const auto view = this->engine_->view(0);
  ASSERT_TRUE(view.ok());
  ASSERT_EQ(owner.commit({put("a", "2"), put("b", "2")}), runtime::Outcome::kDurable);
  EXPECT_EQ((*view)->commit(), 1U);
  EXPECT_EQ(*(*view)->get(runtime::Space::kState, "a"), "1");
  EXPECT_EQ(*(*view)->get(runtime::Space::kState, "b"), std::nullopt);
}

// ---- Atomic, serial, side by side --------------------------------------------------------------

TYPED_TEST_P(EngineConformance, CommitIsVisibleAsAWholeOrNotAtAll) {
  using runtime::Space;
  auto owner = this->owner(0);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> views = 0;
  std::string broken;
  std::thread reader([&] {
    while (!stop && broken.empty()) {
      const auto view = this->engine_->view(0);
      if (!view.ok()) {
        broken = view.error().message;
        return;
      }
      const std::string expected = (*view)->commit() == 0 ? "" : std::to_string((*view)->commit());
      for (const Space space :
           {Space::kState, Space::kLog, Space::kJournal, Space::kTimers, Space::kStaged}) {
        for (const std::string_view key : {"first", "last"}) {
          const auto value = (*view)->get(space, key);
          if (!value.ok() || value->value_or("") != expected) broken = "torn at " + expected;
        }
      }
      ++views;
    }
  });
  // Until the reader has seen some of it, however slow it is.
  for (std::uint64_t n = 1; n <= 200 || (views < 20 && n < 100'000); ++n) {
    std::vector<runtime::Row> rows;
    for (const Space space :
         {Space::kState, Space::kLog, Space::kJournal, Space::kTimers, Space::kStaged}) {
      rows.push_back(put("first", std::to_string(n), space));
      rows.push_back(put("last", std::to_string(n), space));
    }
    ASSERT_EQ(owner.commit(std::move(rows)), runtime::Outcome::kDurable);
  }
  stop = true;
  reader.join();
  EXPECT_EQ(broken, "");
}

TYPED_TEST_P(EngineConformance, PartitionsCommitSideBySide) {
  std::vector<std::thread> threads;
  std::atomic<int> durable = 0;
  for (runtime::PartitionId partition = 0; partition < 4; ++partition) {
    threads.emplace_back([this, partition, &durable] {
      auto owner = this->owner(partition);
      for (int n = 1; n <= 50; ++n) {
        if (owner.commit({put("n", std::to_string(n))}, {output("k", std::to_string(n))}) ==
            runtime::Outcome::kDurable) {
          ++durable;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(durable, 200);
  for (runtime::PartitionId partition = 0; partition < 4; ++partition) {
    const auto bounds = this->engine_->topic_bounds(runtime::kTopicBalances, partition);
    ASSERT_TRUE(bounds.ok());
    EXPECT_THAT(*bounds, Pair(0U, 50U));
    EXPECT_EQ(EngineDriver(*this->engine_, partition).get("n"), "50");
  }
}

TYPED_TEST_P(EngineConformance, DoneIsCalledOnceForEachCommit) {
  std::vector<EngineDriver> owners;
  for (runtime::PartitionId partition = 0; partition < 4; ++partition) {
    owners.push_back(this->owner(partition));
  }
  std::atomic<int> calls = 0;
  for (const EngineDriver& owner : owners) {
    this->engine_->commit(std::make_shared<const runtime::Commit>(owner.next()),
                          [&calls](runtime::Outcome) { ++calls; });
  }
  this->engine_->close();
  EXPECT_EQ(calls, 4);
}

TYPED_TEST_P(EngineConformance, TheNextCommitMayBeHandedInFromDone) {
  auto owner = this->owner(0);
  std::promise<runtime::Outcome> second;
  this->engine_->commit(
      std::make_shared<const runtime::Commit>(owner.next()), [&](runtime::Outcome) {
        runtime::Commit next = owner.next();
        ++next.number;
        this->engine_->commit(std::make_shared<const runtime::Commit>(std::move(next)),
                              [&](runtime::Outcome outcome) { second.set_value(outcome); });
      });
  EXPECT_EQ(second.get_future().get(), runtime::Outcome::kDurable);
  EXPECT_EQ(this->owner(0).number(), 2U);
}

// ---- Durable -----------------------------------------------------------------------------------

TYPED_TEST_P(EngineConformance, WhatIsDurableSurvivesARestartAndACrash) {
  {
    auto owner = this->owner(3);
    ASSERT_EQ(owner.commit({put("a", "1")}, {output("k", "x")}), runtime::Outcome::kDurable);
  }
  this->restart();
  {
    auto owner = this->owner(3);
    EXPECT_EQ(owner.number(), 1U);
    EXPECT_EQ(owner.get("a"), "1");
    ASSERT_EQ(owner.commit({put("a", "2")}, {output("k", "y")}), runtime::Outcome::kDurable);
  }
  this->crash();
  auto owner = this->owner(3);
  EXPECT_EQ(owner.number(), 2U);
  EXPECT_EQ(owner.get("a"), "2");
  EXPECT_THAT(owner.topic(runtime::kTopicBalances), ElementsAre("x", "y"));
}

TYPED_TEST_P(EngineConformance, PositionsAreThoseOfTheState) {
  {
    auto owner = this->owner(0);
    EXPECT_THAT(owner.take_over().positions, IsEmpty());
    runtime::Commit commit = owner.next();
    commit.rows = {put("seen", "10")};
    commit.positions = {{"wagers/0", "10"}, {"wagers/1", "7"}};
    ASSERT_EQ(owner.commit(std::move(commit)), runtime::Outcome::kDurable);
    commit = owner.next();
    commit.positions = {{"wagers/0", "12"}};
    commit.rows = {put("seen", "12")};
    ASSERT_EQ(owner.commit(std::move(commit)), runtime::Outcome::kDurable);
  }
  this->crash();
  EngineDriver owner(*this->engine_, 0);
  EXPECT_THAT(owner.take_over().positions,
              UnorderedElementsAre(Pair("wagers/0", "12"), Pair("wagers/1", "7")));
  EXPECT_EQ(owner.get("seen"), "12");
}

TYPED_TEST_P(EngineConformance, AfterACrashTheLastCommitIsTheOneWhoseStateIsThere) {
  for (int round = 1; round <= 5; ++round) {
    runtime::CommitNumber in_flight = 0;
    {
      auto owner = this->owner(0);
      runtime::Commit commit = owner.next();
      in_flight = commit.number;
      commit.rows = {put("n", std::to_string(in_flight))};
      commit.outputs = {output("k", std::to_string(in_flight))};
      static_cast<void>(start(*this->engine_, std::move(commit)));
    }
    this->crash();
    auto owner = this->owner(0);
    EXPECT_THAT(owner.number(), ::testing::AnyOf(in_flight - 1, in_flight));
    EXPECT_EQ(owner.get("n").value_or("0"), std::to_string(owner.number()));
    EXPECT_EQ(owner.topic(runtime::kTopicBalances).size(), owner.number());
  }
}

TYPED_TEST_P(EngineConformance, TheSecretAndThePartitionsStayTheSame) {
  const std::string secret = this->engine_->secret();
  const std::uint16_t partitions = this->engine_->partitions();
  EXPECT_EQ(secret.size(), 32U);
  EXPECT_GE(partitions, 4U);
  this->restart();
  EXPECT_EQ(this->engine_->secret(), secret);
  EXPECT_EQ(this->engine_->partitions(), partitions);
}

// ---- Ownership ---------------------------------------------------------------------------------

TYPED_TEST_P(EngineConformance, TakeOverRaisesTheEpochAndFencesTheOlder) {
  auto old_owner = this->owner(0);
  ASSERT_EQ(old_owner.commit({put("a", "old")}), runtime::Outcome::kDurable);
  auto new_owner = this->owner(0);
  EXPECT_GT(new_owner.epoch(), old_owner.epoch());
  EXPECT_EQ(new_owner.number(), 1U);
  EXPECT_EQ(old_owner.commit({put("a", "too late")}, {output("k", "too late")}),
            runtime::Outcome::kFenced);
  EXPECT_EQ(new_owner.get("a"), "old");
  EXPECT_THAT(new_owner.topic(runtime::kTopicBalances), IsEmpty());
  ASSERT_EQ(new_owner.commit({put("a", "new")}), runtime::Outcome::kDurable);
  EXPECT_EQ(old_owner.commit({put("a", "too late")}), runtime::Outcome::kFenced);
  EXPECT_EQ(new_owner.get("a"), "new");
}

TYPED_TEST_P(EngineConformance, TheEpochRisesOverRestartsAndCrashes) {
  const runtime::Epoch first = this->owner(0).epoch();
  this->restart();
  const runtime::Epoch second = this->owner(0).epoch();
  this->crash();
  const runtime::Epoch third = this->owner(0).epoch();
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TYPED_TEST_P(EngineConformance, TakingOneOverLeavesTheOthersAlone) {
  auto other = this->owner(1);
  static_cast<void>(this->owner(0));
  EXPECT_EQ(other.commit({put("a", "1")}), runtime::Outcome::kDurable);
}

TYPED_TEST_P(EngineConformance, TakeOverKnowsWhatBecameOfTheCommitInFlight) {
  for (int round = 0; round < 30; ++round) {
    auto owner = this->owner(0);
    runtime::Commit commit = owner.next();
    const runtime::CommitNumber number = commit.number;
    commit.rows = {put("n", std::to_string(number))};
    auto outcome = start(*this->engine_, std::move(commit));
    const runtime::Recovered recovered = EngineDriver(*this->engine_, 0).take_over();
    const runtime::Outcome ended = outcome.get();
    if (recovered.last_commit == number) {
      EXPECT_EQ(ended, runtime::Outcome::kDurable);
    } else {
      EXPECT_EQ(recovered.last_commit, number - 1);
      EXPECT_EQ(ended, runtime::Outcome::kFenced);
    }
    EXPECT_EQ(owner.get("n").value_or("0"), std::to_string(recovered.last_commit));
  }
}

// ---- The end -----------------------------------------------------------------------------------

TYPED_TEST_P(EngineConformance, AfterCloseCommitsAreFencedAndReadsAreUnavailable) {
  auto owner = this->owner(0);
  ASSERT_EQ(owner.commit({put("a", "1")}), runtime::Outcome::kDurable);
  this->engine_->close();
  this->engine_->close();
  EXPECT_EQ(owner.commit({put("a", "2")}), runtime::Outcome::kFenced);
  const auto read = this->engine_->get(0, runtime::Space::kState, "a");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, runtime::ErrorCode::kUnavailable);
  const auto recovered = this->engine_->take_over(0);
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().code, runtime::ErrorCode::kUnavailable);
  this->crash();
  EXPECT_EQ(this->owner(0).get("a"), "1");
}

TYPED_TEST_P(EngineConformance, CloseFinishesWhatWasHandedIn) {
  auto owner = this->owner(0);
  runtime::Commit commit = owner.next();
  commit.rows = {put("a", "1")};
  auto outcome = start(*this->engine_, std::move(commit));
  this->engine_->close();
  EXPECT_EQ(outcome.get(), runtime::Outcome::kDurable);
}

REGISTER_TYPED_TEST_SUITE_P(
    EngineConformance, ACommitIsVisibleOnceItIsDurable, RowsAreReplacedAndDeletedInEverySpace,
    TheSameKeyIsAnotherRowInAnotherSpaceAndPartition, KeysAndValuesMayHoldAnyBytes,
    ACommitWithNothingInItCounts, ManyReadsAnswerInTheOrderOfTheirKeys,
    AScanIsAscendingWithinItsBoundsAndItsPartition, AViewStaysAtItsCommit,
    CommitIsVisibleAsAWholeOrNotAtAll, PartitionsCommitSideBySide, DoneIsCalledOnceForEachCommit,
    TheNextCommitMayBeHandedInFromDone, WhatIsDurableSurvivesARestartAndACrash,
    PositionsAreThoseOfTheState, AfterACrashTheLastCommitIsTheOneWhoseStateIsThere,
    TheSecretAndThePartitionsStayTheSame,

    TakeOverRaisesTheEpochAndFencesTheOlder, TheEpochRisesOverRestartsAndCrashes,
    TakingOneOverLeavesTheOthersAlone, TakeOverKnowsWhatBecameOfTheCommitInFlight,
    AfterCloseCommitsAreFencedAndReadsAreUnavailable, CloseFinishesWhatWasHandedIn);

}  // namespace laurel::testing
