#include "input_proofs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "input_partition.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using Found = InputProofs::Found;
using std::chrono::seconds;

// Topic partitions as vectors of the checks of their records, and a clock that is set.
class InputProofsTest : public ::testing::Test {
 protected:
  struct Log {
    std::vector<std::uint32_t> checks;
    std::int64_t first = 0;  // those before it have expired
    bool away = false;
    bool forbidden = false;
  };

  void add(int count) {
    logs_.resize(inputs_.size() + static_cast<std::size_t>(count));
    while (inputs_.size() < logs_.size()) {
      InputPartition input;
      input.topic = "wagers";
      input.partition = static_cast<int>(inputs_.size());
      input.proof.heard = now_;
      input.assigned = true;
      inputs_.push_back(std::move(input));
    }
  }
  // As of a topic that was made for the `of`th time.
  void fill(int partition, int records, std::uint32_t of) {
    logs_[at(partition)].checks.assign(static_cast<std::size_t>(records), of);
  }
  // What is there, up to an offset.
  void read(int partition, std::int64_t end) {
    InputPartition& input = inputs_[at(partition)];
    while (input.next < end) {
      input.pass({input.next + 1, logs_[at(partition)].checks[at(input.next)]}, now_);
      input.collected.push_back({"{}", {}, {}});
    }
  }
  std::size_t hand_on(int partition) {
    InputPartition& input = inputs_[at(partition)];
    const std::size_t count = input.collected.size();
    input.drop_collected();
    return count;
  }
  bool round() {
    const bool changed = proofs_.round(inputs_);
    if (changed) {
      for (InputPartition& each : inputs_) each.assigned = each.to_read();
    }
    return changed;
  }
  InputPartition& input(int partition = 0) { return inputs_[at(partition)]; }
  static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

  runtime::Result<Found> look(const InputPartition& input, const InputPosition& read,
                              Milliseconds within) {
    const Log& log = logs_[at(input.partition)];
    asked_.push_back(input.partition);
    now_ += log.away ? within : took_;
    if (log.away) return Error{ErrorCode::kUnavailable, "away"};
    if (log.forbidden) return Error{ErrorCode::kConfigInvalid, "needs Read"};
    const std::int64_t offset = read.next - 1;
    if (offset < log.first) return Found::kGone;
    if (offset >= static_cast<std::int64_t>(log.checks.size())) return Found::kOther;
    return log.checks[at(offset)] == read.check ? Found::kSame : Found::kOther;
  }

  InputProof::Time now_ = InputProof::Time() + std::chrono::hours(1);
  Milliseconds took_{0};
  bool stopped_ = false;
  std::vector<Log> logs_;
  std::vector<InputPartition> inputs_;
  std::vector<int> asked_;
  std::mutex mutex_;
  const ClientBase base_{KafkaOptions()};
  InputProofs proofs_{base_,
                      mutex_,
                      {[this](const InputPartition& each, const InputPosition& read,
                              Milliseconds within) { return look(each, read, within); },
                       [this] { return now_; }, [this] { return stopped_; }}};
};

TEST_F(InputProofsTest, NothingIsAskedWhileRecordsComeAndTheLastProofIsYoung) {
  add(1);
  fill(0, 10, 1);
  for (int end = 1; end <= 9; ++end) {
    read(0, end);
    EXPECT_FALSE(round());
    EXPECT_EQ(hand_on(0), 1U);
    now_ += seconds(1);
  }
  EXPECT_TRUE(asked_.empty());
}

TEST_F(InputProofsTest, WhatComesAfterASilenceIsHandedOnAfterAProof) {
  add(1);
  fill(0, 10, 1);
  read(0, 5);
  hand_on(0);
  now_ += seconds(2);
  read(0, 6);
  EXPECT_TRUE(input().proof.held);
  EXPECT_FALSE(round());
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(hand_on(0), 1U);
  EXPECT_TRUE(input().to_read());
}

TEST_F(InputProofsTest, ATopicMadeAnewInASilenceIsHaltedBeforeAnythingOfItIsHandedOn) {
  add(1);
  fill(0, 5, 1);
  read(0, 5);
  hand_on(0);
  fill(0, 20, 2);
  now_ += seconds(2);
  read(0, 6);
  EXPECT_TRUE(round());
  EXPECT_TRUE(input().halted);
  EXPECT_EQ(hand_on(0), 0U);
}

TEST_F(InputProofsTest, ASilenceInTheMiddleOfABatchIsOne) {
  add(1);
  fill(0, 10, 1);
  read(0, 2);
  hand_on(0);
  read(0, 5);
  now_ += seconds(2);
  read(0, 6);
  EXPECT_TRUE(input().proof.held);
}

TEST_F(InputProofsTest, ATopicMadeAnewWithoutASilenceIsHaltedByWhatWasReadBeforeTheLastProof) {
  add(1);
  fill(0, 5000, 1);
  read(0, 5000);
  hand_on(0);
  now_ += Milliseconds(500);
  fill(0, 20'000, 2);
  for (int end = 5001; end < 5030 && !input().halted; ++end) {
    read(0, end);  // the last that was read is of the new one from here on
    round();
    hand_on(0);
    now_ += Milliseconds(500);
  }
  EXPECT_TRUE(input().halted);
  EXPECT_LE(input().next, 5021);  // within 10 s
}

TEST_F(InputProofsTest, PositionsThatAreHandedOnSayWhatWasReadBeforeTheLastProof) {
  add(1);
  fill(0, 3, 1);
  read(0, 3);
  EXPECT_EQ(input().proof.anchor->next, 1);  // nothing was before it
  now_ += seconds(10);
  read(0, 3);
  round();
  EXPECT_EQ(input().proof.anchor->next, 3);
  fill(0, 9, 2);
  read(0, 9);
  EXPECT_EQ(input().proof.anchor->next, 3);
  EXPECT_EQ(input().proof.anchor->check, 1U);
  const auto handled =
      decode_position(encode_position({*input().proof.known, *input().proof.anchor}));
  ASSERT_TRUE(handled.has_value());
  EXPECT_EQ(handled->last.next, 9);
  EXPECT_EQ(handled->last.check, 2U);
  EXPECT_EQ(handled->anchor.next, 3);
  EXPECT_EQ(handled->anchor.check, 1U);
}

TEST_F(InputProofsTest, OfWhatHasExpiredTheLastOneThatWasReadIsLookedAt) {
  add(2);
  for (const int each : {0, 1}) {
    fill(each, 10, 1);
    read(each, 10);
    hand_on(each);
    logs_[at(each)].first = 9;
  }
  logs_[1].checks[9] = 2;
  now_ += seconds(10);
  round();
  EXPECT_FALSE(input(0).halted);
  EXPECT_FALSE(input(0).proof.unproved_since);
  EXPECT_TRUE(input(1).halted);
}

TEST_F(InputProofsTest, ATopicThatDoesNotGoAsFarAsItWasReadIsAnother) {
  add(1);
  fill(0, 10, 1);
  read(0, 10);
  now_ += seconds(10);
  round();
  fill(0, 0, 2);
  input().proof.held = true;
  round();
  EXPECT_TRUE(input().halted);
}

TEST_F(InputProofsTest, WhatCannotBeProvedIsPutBackAndNotReadUntilItIs) {
  add(2);
  fill(0, 10, 1);
  fill(1, 10, 1);
  read(0, 3);
  read(1, 3);
  hand_on(0);
  hand_on(1);
  now_ += seconds(2);
  logs_[0].away = true;
  read(0, 8);
  read(1, 8);
  input(0).passed = input(1).passed = 8;  // their ends
  for (int rounds = 0; rounds < 30 && input(1).proof.held; ++rounds) {
    round();
    now_ += Milliseconds(100);
    read(1, 8);
  }
  EXPECT_EQ(hand_on(1), 5U);  // the other one goes on
  EXPECT_TRUE(input(0).collected.empty());
  EXPECT_FALSE(input(0).assigned);
  EXPECT_EQ(input(0).passed, 3);
  EXPECT_EQ(input(0).next, 3);
  EXPECT_EQ(input(0).proof.known->next, 3);
  logs_[0].away = false;
  now_ += seconds(4);
  EXPECT_TRUE(round());
  EXPECT_TRUE(input(0).assigned);
  read(0, 8);
  EXPECT_FALSE(input(0).proof.held);  // it was proved a moment ago
  EXPECT_EQ(hand_on(0), 5U);
}

TEST_F(InputProofsTest, OneThatIsDueAndCannotBeProvedIsNotReadOn) {
  add(1);
  fill(0, 10, 1);
  read(0, 5);
  hand_on(0);
  now_ += Milliseconds(500);
  read(0, 7);
  logs_[0].away = true;
  now_ += seconds(10);
  EXPECT_TRUE(round());
  EXPECT_FALSE(input().assigned);
  EXPECT_EQ(input().next, 5);
  EXPECT_FALSE(round());  // nothing new: it is still not read
}

TEST_F(InputProofsTest, OnlyARightThatIsMissingIsATrouble) {
  add(2);
  for (const int each : {0, 1}) {
    fill(each, 5, 1);
    read(each, 5);
    hand_on(each);
  }
  logs_[0].away = true;
  logs_[1].forbidden = true;
  now_ += seconds(10);
  round();
  EXPECT_TRUE(base_.troubles().empty());
  now_ += seconds(1);
  round();
  EXPECT_EQ(base_.troubles(), std::vector<std::string>{"needs Read"});
}

TEST_F(InputProofsTest, ABrokerThatIsAwayCostsASecondInTwoHoweverManyPartitionsItHas) {
  add(100);
  for (int each = 0; each < 100; ++each) {
    fill(each, 5, 1);
    read(each, 5);
    hand_on(each);
    logs_[at(each)].away = true;
  }
  now_ += seconds(10);
  for (int rounds = 1; rounds <= 100; ++rounds) {
    const auto began = now_;
    round();
    EXPECT_EQ(now_ - began, seconds(1));
    EXPECT_EQ(asked_.size(), at(rounds));
    round();
    now_ += Milliseconds(500);
    round();
    EXPECT_EQ(asked_.size(), at(rounds));
    now_ += Milliseconds(500);
  }
}

TEST_F(InputProofsTest, ARoundBeginsWithThoseThatWerePassedOverInTheOneBefore) {
  add(50);
  took_ = Milliseconds(100);
  for (int each = 0; each < 50; ++each) {
    fill(each, 5, 1);
    read(each, 5);
    hand_on(each);
  }
  now_ += seconds(10);
  const auto began = now_;
  round();
  EXPECT_LE(now_ - began, seconds(2));
  round();
  round();
  for (int each = 0; each < 50; ++each) EXPECT_FALSE(input(each).proof.unproved_since) << each;
  EXPECT_EQ(asked_.size(), 50U);
}

TEST_F(InputProofsTest, OneWhoseProofIsLongOverdueIsNotReadOn) {
  add(2);
  for (const int each : {0, 1}) {
    fill(each, 9, 1);
    read(each, 5);
    hand_on(each);
  }
  took_ = seconds(3);  // no time for the second one
  now_ += seconds(18);
  round();
  EXPECT_FALSE(input(0).proof.held);
  EXPECT_TRUE(input(1).proof.held);
  EXPECT_FALSE(input(1).assigned);
}

TEST_F(InputProofsTest, NothingIsAskedAfterAStop) {
  add(1);
  fill(0, 5, 1);
  read(0, 5);
  now_ += seconds(10);
  stopped_ = true;
  round();
  EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace laurel::adapters::kafka
