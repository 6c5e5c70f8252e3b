// Event time of a partition: as far as the input is that is furthest behind.
#include "watermark.h"

#include <gtest/gtest.h>

#include "unit/runtime/partition_fixture.h"

namespace laurel::runtime {
namespace {

using internal::Watermark;
constexpr std::int64_t kLateness = 5, kSkew = 60;
constexpr TimeUs kNow = 10'000;

InputsBehind behind(std::vector<std::string> names) {
  InputsBehind out;
  out.names = std::move(names);
  return out;
}

TEST(WatermarkTest, GoesByTheClockWhenNothingIsBehind) {
  Watermark watermark(kLateness, kSkew);
  EXPECT_EQ(watermark.value(), Watermark::kNever);
  watermark.advance(kNow, false, {});
  EXPECT_EQ(watermark.value(), kNow - kLateness);
  watermark.advance(kNow - 100, false, {});
  EXPECT_EQ(watermark.value(), kNow - kLateness);
}

TEST(WatermarkTest, GoesByWhatCameByHttpWhileMoreOfItWaits) {
  Watermark watermark(kLateness, kSkew);
  watermark.advance(kNow, true, {});
  EXPECT_EQ(watermark.value(), Watermark::kNever);
  watermark.handled("", 200);
  watermark.handled("", 100);
  watermark.advance(kNow, true, {});
  EXPECT_EQ(watermark.value(), 200 - kLateness);
  watermark.handled("", 4'102'444'800'000'000);  // a clock gone wrong
  watermark.advance(kNow, true, {});
  EXPECT_EQ(watermark.value(), kNow + kSkew - kLateness);
}

TEST(WatermarkTest, GoesWithTheInputThatIsFurthestBehind) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("in/0", 5000);
  watermark.handled("in/2", 9000);
  watermark.handled("", 9999);
  watermark.advance(kNow, true, behind({"in/0", "in/1", "in/2"}));
  EXPECT_EQ(watermark.value(), Watermark::kNever);  // nothing has come of in/1
  watermark.handled("in/1", 70);
  watermark.advance(kNow, true, behind({"in/0", "in/1", "in/2"}));
  EXPECT_EQ(watermark.value(), 70 - kLateness);
  watermark.advance(kNow, true, behind({"in/0", "in/2"}));
  EXPECT_EQ(watermark.value(), 5000 - kLateness);
  watermark.handled("in/2", kNow + 10 * kSkew);
  watermark.advance(kNow, true, behind({"in/2"}));
  EXPECT_EQ(watermark.value(), kNow - kLateness);
}

TEST(WatermarkTest, ARecordAfterASilenceDoesNotTakeTimeBack) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("in/0", 100);
  watermark.handled("in/1", 150);
  watermark.advance(kNow, false, behind({"in/1"}));  // in/0 is read to its end
  EXPECT_EQ(watermark.value(), 150 - kLateness);
  watermark.handled("in/1", kNow);
  watermark.advance(kNow + 1, false, behind({"in/0", "in/1"}));
  EXPECT_EQ(watermark.value(), kNow - kLateness);
}

TEST(WatermarkTest, StandsStillAsLongAsNobodyKnows) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("", 100);
  InputsBehind nobody;
  nobody.unknown = true;
  watermark.advance(kNow, false, nobody);
  EXPECT_EQ(watermark.value(), Watermark::kNever);
}

TEST(WatermarkTest, GoesOnAsFarAsEndsWereAskedFor) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("in/0", kNow);
  InputsBehind asked = behind({});
  asked.as_of_us = kNow - 3000;
  watermark.advance(kNow, false, asked);
  EXPECT_EQ(watermark.value(), kNow - 3000 - kLateness);
  asked = behind({"in/0"});
  asked.as_of_us = kNow - 2000;
  watermark.advance(kNow, false, asked);
  EXPECT_EQ(watermark.value(), kNow - 2000 - kLateness);
}

struct PartitionTimeTest : PartitionTest {
  PartitionTimeTest() {
    now_us = 1'000'000'000;
    tell({"in/0", "in/1"});
  }
  void tell(std::vector<std::string> names) {
    partition->inputs_behind(std::make_shared<InputsBehind>(behind(std::move(names))));
  }
  TimeUs told() {
    commit_all();
    return partition->watermark() + PartitionOptions().lateness_us;
  }
};

TEST_F(PartitionTimeTest, AWagerByHttpDoesNotOvertakeAnInputThatIsBehind) {
  feed({{"a", 1, "p1", 100'000'000}}, {"in/0", {"1"}});
  feed({{"b", 1, "p1", 200'000'000}}, {"in/1", {"1"}});
  feed({{"c", 1, "p1", 999'000'000}});
  EXPECT_EQ(told(), 100'000'000);
  feed({{"a", 1, "p1", 300'000'000}}, {"in/0", {"2"}});  // known, and read again
  EXPECT_EQ(told(), 200'000'000);
  tell({"in/1"});
  feed({{"d", 1, "p1", 700'000'000}}, {"in/1", {"2"}});
  EXPECT_EQ(told(), 700'000'000);
  tell({});
  partition->tick(now_us);
  EXPECT_EQ(told(), now_us);
}

// Of an input whose records are about players of other partitions.
TEST_F(PartitionTimeTest, WhatOthersHandledCountsWithTheLastRecord) {
  feed({{"a", 1, "p1", 100'000'000}}, {"in/0", {"1"}});
  const auto pass = [this](const std::string& position, TimeUs passed_us) {
    auto submission = std::make_shared<Submission>();
    submission->input = "in/1";
    submission->records.push_back({"raw", 1, 3, false});
    submission->records.back().position = keep_on(submission->arena, position);
    submission->results.resize(1);
    submission->pending = 1;
    EventBatch batch;
    batch.submission = submission;
    batch.passed_us = passed_us;
    batch.events.emplace_back().position_only = true;
    partition->take(std::move(batch));
    partition->run(now_us);
  };
  pass("1", 50'000'000);
  EXPECT_EQ(told(), 50'000'000);
  pass("2", Watermark::kNever);  // none of it was an event
  EXPECT_EQ(told(), 50'000'000);
  pass("3", 80'000'000);
  partition->run(now_us);
  EXPECT_EQ(told(), 80'000'000);
}

}  // namespace
}  // namespace laurel::runtime
