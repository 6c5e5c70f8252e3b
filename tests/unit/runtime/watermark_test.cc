// Event time of a partition: as far as the input is that is furthest behind.
#include "watermark.h"

#include <gtest/gtest.h>

#include "unit/runtime/partition_fixture.h"

namespace laurel::runtime {
namespace {

using internal::Watermark;
constexpr std::int64_t kLateness = 5, kSkew = 60;
constexpr TimeUs kNow = 10'000;
constexpr TimeUs k2099 = 4'102'444'800'000'000;

InputTimes times(std::vector<InputTimes::Input> inputs) {
  InputTimes out;
  out.inputs = std::move(inputs);
  return out;
}

TEST(WatermarkTest, GoesByTheClockWhenNothingWaits) {
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
  watermark.handled("", k2099);
  watermark.advance(kNow, true, {});
  EXPECT_EQ(watermark.value(), kNow + kSkew - kLateness);
}

TEST(WatermarkTest, GoesWithTheInputThatIsFurthestBehind) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("in/0", 5000);
  watermark.handled("in/2", 9000);
  watermark.handled("", 9999);
  watermark.advance(kNow, true, times({{"in/0", 0}, {"in/1", 0}, {"in/2", 0}}));
  EXPECT_EQ(watermark.value(), Watermark::kNever);  // nothing has come of in/1
  watermark.handled("in/1", 70);
  watermark.advance(kNow, true, times({{"in/0", 0}, {"in/1", 0}, {"in/2", 0}}));
  EXPECT_EQ(watermark.value(), 70 - kLateness);
  watermark.advance(kNow, true, times({{"in/0", 0}, {"in/2", 0}}));
  EXPECT_EQ(watermark.value(), 5000 - kLateness);
  watermark.handled("in/2", kNow + 10 * kSkew);
  watermark.advance(kNow, true, times({{"in/2", 0}}));
  EXPECT_EQ(watermark.value(), kNow + kSkew - kLateness);
}

TEST(WatermarkTest, AnInputHasComeToWhenAllOfItWasDurableWhateverItIsDated) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("in/1", 100);
  watermark.advance(kNow, false, times({{"in/0", 6000}, {"in/1", 0}}));  // of in/0 nothing counts
  EXPECT_EQ(watermark.value(), 100 - kLateness);
  watermark.advance(kNow, true, times({{"in/0", 6000}, {"in/1", 7000}}));
  EXPECT_EQ(watermark.value(), 6000 - kLateness);
  watermark.advance(kNow, false, times({{"in/0", 8000}, {"in/1", 7000}}));
  EXPECT_EQ(watermark.value(), 7000 - kLateness);  // whatever the clock says
}

TEST(WatermarkTest, ADateAheadOfItsRecordHarmsOnlyItself) {
  contract::Envelope envelope;
  envelope.set_time_us(k2099);
  Event event;
  event.envelope = &envelope;
  RawRecord record;
  EXPECT_EQ(counted_time(event, record, kSkew), k2099);  // nobody says when it was appended
  record.appended_us = 3000;
  EXPECT_EQ(counted_time(event, record, kSkew), 3000 + kSkew);
  envelope.set_time_us(2000);
  EXPECT_EQ(counted_time(event, record, kSkew), 2000);
  event.reject_code = "bad";
  EXPECT_EQ(counted_time(event, record, kSkew), Watermark::kNever);
  EXPECT_EQ(counted_time({}, record, kSkew), Watermark::kNever);
}

TEST(WatermarkTest, StandsStillAsLongAsNobodyKnows) {
  Watermark watermark(kLateness, kSkew);
  watermark.handled("", 100);
  InputTimes nobody;
  nobody.unknown = true;
  watermark.advance(kNow, false, nobody);
  EXPECT_EQ(watermark.value(), Watermark::kNever);
}

struct PartitionTimeTest : PartitionTest {
  PartitionTimeTest() {
    now_us = 1'000'000'000;
    tell({{"in/0", 0}, {"in/1", 0}});
  }
  void tell(std::vector<InputTimes::Input> inputs) {
    partition->set_input_times(std::make_shared<InputTimes>(times(std::move(inputs))));
    partition->tick(now_us);
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
  tell({{"in/0", 900'000'000}, {"in/1", 0}});
  feed({{"d", 1, "p1", 700'000'000}}, {"in/1", {"2"}});
  EXPECT_EQ(told(), 700'000'000);
  tell({{"in/0", 900'000'000}, {"in/1", 950'000'000}});
  EXPECT_EQ(told(), 900'000'000);
}

TEST_F(PartitionTimeTest, WhatAnAbortUndidDoesNotCount) {
  tell({{"in/0", 0}});
  feed({{"a", 1, "p1", 100'000'000}}, {"in/0", {"1"}});
  EXPECT_EQ(told(), 100'000'000);
  feed({{"b", 1, "p1", 300'000'000}}, {"in/0", {"2"}});
  const auto sealed = partition->seal();
  EXPECT_EQ(partition->watermark() + PartitionOptions().lateness_us, 100'000'000);
  end(sealed, Step::kAborted);
  EXPECT_EQ(partition->watermark() + PartitionOptions().lateness_us, 100'000'000);
  EXPECT_EQ(told(), 300'000'000);
}

// Of an input whose records are about players of other partitions.
TEST_F(PartitionTimeTest, WhatOthersHandledCountsWithTheLastRecord) {
  feed({{"a", 1, "p1", 100'000'000}}, {"in/0", {"1"}});
  pass("in/1", "1", 50'000'000);
  EXPECT_EQ(told(), 50'000'000);
  pass("in/1", "2");  // none of it was an event
  EXPECT_EQ(told(), 50'000'000);
  pass("in/1", "3", 80'000'000);
  partition->run(now_us);
  EXPECT_EQ(told(), 80'000'000);
}

}  // namespace
}  // namespace laurel::runtime
