/// The inbox as every engine keeps it: visible with its commit, once, in order, until finished.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conformance/engine_conformance.h"

namespace laurel::testing {

template <class Fixture>
class InboxConformance : public EngineConformance<Fixture> {
 protected:
  /// Everything that waits for the target after those positions, values in order.
  std::vector<std::string> waiting(runtime::PartitionId target,
                                   const runtime::Positions& after = {},
                                   std::size_t bytes_max = 1'000'000) {
    entries_.clear();
    std::vector<std::string> values;
    auto entries = this->engine_->read_inbox(target, after, bytes_max);
    LAUREL_ASSERT(entries.ok());
    for (const runtime::InboxEntry& entry : *entries) values.push_back(entry.value);
    entries_ = std::move(*entries);
    return values;
  }
  runtime::Outcome send(EngineDriver& source, std::vector<runtime::InboxRecord> records) {
    runtime::Commit commit = source.next();
    commit.inbox = std::move(records);
    return source.commit(std::move(commit));
  }
  /// A commit of the target that has handled the first `count` of what was read last.
  runtime::Outcome finish(EngineDriver& target, std::size_t count) {
    runtime::Commit commit = target.next();
    for (std::size_t i = 0; i < count; ++i) {
      commit.positions[entries_[i].input] = entries_[i].position;
      commit.inbox_finished.emplace_back(entries_[i].input, entries_[i].position);
    }
    return target.commit(std::move(commit));
  }
  std::vector<runtime::InboxEntry> entries_;
};

TYPED_TEST_SUITE_P(InboxConformance);

using Values = std::vector<std::string>;

TYPED_TEST_P(InboxConformance, ARecordWaitsForItsTargetAlone) {
  auto source = this->owner(0);
  ASSERT_EQ(this->send(source, {{1, "a"}, {2, "b"}, {1, "c"}, {0, "self"}}),
            runtime::Outcome::kDurable);
  EXPECT_EQ(this->waiting(1), (Values{"a", "c"}));
  EXPECT_EQ(this->waiting(2), Values{"b"});
  EXPECT_EQ(this->waiting(0), Values{"self"});
  EXPECT_EQ(this->waiting(3), Values{});
}

TYPED_TEST_P(InboxConformance, RecordsOfOneSourceStayInOrderOfItsCommits) {
  auto source = this->owner(2);
  Values expected;
  for (int i = 0; i < 300; ++i) {
    expected.push_back(std::to_string(i));
    ASSERT_EQ(this->send(source, {{1, expected.back()}}), runtime::Outcome::kDurable);
  }
  EXPECT_EQ(this->waiting(1), expected);
}

TYPED_TEST_P(InboxConformance, ReadingGoesOnAfterThePositionsAndInPieces) {
  auto source = this->owner(0);
  auto other = this->owner(3);
  for (const char* value : {"a", "b", "c"}) {
    ASSERT_EQ(this->send(source, {{1, value}}), runtime::Outcome::kDurable);
    ASSERT_EQ(this->send(other, {{1, std::string(value) + "'"}}), runtime::Outcome::kDurable);
  }
  runtime::Positions after;
  Values first, second;
  for (int i = 0; i < 100; ++i) {
    const Values piece = this->waiting(1, after, 1);
    if (piece.empty()) break;
    for (const runtime::InboxEntry& entry : this->entries_) {
      after[entry.input] = entry.position;
      (entry.value.size() == 1 ? first : second).push_back(entry.value);
    }
  }
  EXPECT_EQ(first, (Values{"a", "b", "c"}));
  EXPECT_EQ(second, (Values{"a'", "b'", "c'"}));
}

TYPED_TEST_P(InboxConformance, WhatIsFinishedIsGoneAndTheRestSurvivesACrash) {
  auto source = this->owner(0);
  ASSERT_EQ(this->send(source, {{1, "a"}, {1, "b"}, {1, "c"}}), runtime::Outcome::kDurable);
  {
    auto target = this->owner(1);
    ASSERT_EQ(this->waiting(1).size(), 3U);
    ASSERT_EQ(this->finish(target, 2), runtime::Outcome::kDurable);
  }
  this->crash();
  const auto recovered = EngineDriver(*this->engine_, 1).take_over();
  EXPECT_EQ(this->waiting(1, recovered.positions), Values{"c"});
  auto again = this->owner(0);
  ASSERT_EQ(this->send(again, {{1, "d"}}), runtime::Outcome::kDurable);
  EXPECT_EQ(this->waiting(1, recovered.positions), (Values{"c", "d"}));
}

// More than an engine keeps in memory; read by a target that is aborted every third time and starts
// again where it was before.
TYPED_TEST_P(InboxConformance, ATargetThatHasFallenBehindOrIsAbortedMissesNothing) {
  auto source = this->owner(0);
  auto other = this->owner(3);
  Values expected[2], got[2];
  runtime::Positions after;
  const auto read = [&](int round) {
    if (round % 3 == 2) {  // aborted: what it read last it reads again
      (void)this->waiting(1, after, 1'500'000);
    }
    for (const std::string& value : this->waiting(1, after, 1'500'000)) {
      got[value[0] == 'b' ? 1 : 0].push_back(value.substr(0, 8));
    }
    for (const runtime::InboxEntry& entry : this->entries_) after[entry.input] = entry.position;
    return !this->entries_.empty();
  };
  for (int i = 0; i < 40; ++i) {
    for (const bool second : {false, true}) {
      std::string value = (second ? "b" : "a") + std::to_string(1'000'000 + i);
      expected[second ? 1 : 0].push_back(value);
      value.resize(200'000, '.');
      ASSERT_EQ(this->send(second ? other : source, {{1, value}}), runtime::Outcome::kDurable);
    }
    if (i % 10 > 7) read(i);
  }
  for (int round = 0; read(round); ++round) {
  }
  EXPECT_EQ(got[0], expected[0]);
  EXPECT_EQ(got[1], expected[1]);
}

TYPED_TEST_P(InboxConformance, WhatAFencedOwnerSentNeverArrives) {
  auto old = this->owner(0);
  auto fresh = this->owner(0);
  EXPECT_EQ(this->send(old, {{1, "old"}}), runtime::Outcome::kFenced);
  EXPECT_EQ(this->send(fresh, {{1, "fresh"}}), runtime::Outcome::kDurable);
  EXPECT_EQ(this->waiting(1), Values{"fresh"});
}

REGISTER_TYPED_TEST_SUITE_P(InboxConformance, ARecordWaitsForItsTargetAlone,
                            RecordsOfOneSourceStayInOrderOfItsCommits,
                            ReadingGoesOnAfterThePositionsAndInPieces,
                            WhatIsFinishedIsGoneAndTheRestSurvivesACrash,
                            ATargetThatHasFallenBehindOrIsAbortedMissesNothing,
                            WhatAFencedOwnerSentNeverArrives);

}  // namespace laurel::testing
