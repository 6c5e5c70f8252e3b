#include "laurel/node/latency.h"

#include <gtest/gtest.h>

namespace laurel::node {
namespace {

TEST(LatencyRecorder, QuantilesAreWithinSevenPercent) {
  LatencyRecorder recorder;
  for (int us = 1; us <= 100'000; ++us) recorder.record(0, us, 1);
  EXPECT_NEAR(recorder.recent_ms(0.50), 50, 3.5);
  EXPECT_NEAR(recorder.recent_ms(0.99), 99, 7);
}

TEST(LatencyRecorder, ForgetsWhatIsOlderThanTwoWindows) {
  LatencyRecorder recorder;
  recorder.record(0, 900'000, 1);
  recorder.record(5'000'000, 1000, 100);
  EXPECT_GT(recorder.recent_ms(0.999), 800);
  recorder.record(10'000'000, 1000, 100);
  recorder.record(15'000'000, 1000, 100);
  EXPECT_LT(recorder.recent_ms(0.999), 2);
}

TEST(LatencyRecorder, TheHistogramIsCumulativeAndEndsAtTheCount) {
  LatencyRecorder recorder;
  recorder.record(0, 400, 5);
  recorder.record(0, 3'000, 7);
  recorder.record(0, 90'000'000'000, 1);
  recorder.record(0, -5, 1);  // a clock may step
  const auto histogram = recorder.since_start();
  EXPECT_EQ(histogram.count, 14U);
  std::uint64_t before = 0;
  for (const auto& [bound, count] : histogram.buckets) {
    EXPECT_GE(count, before);
    before = count;
  }
  EXPECT_EQ(histogram.buckets.front().second, 6U);  // up to half a millisecond
  EXPECT_EQ(histogram.buckets.back().second, 13U);
}

}  // namespace
}  // namespace laurel::node
