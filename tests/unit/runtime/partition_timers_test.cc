// Timers of event time: once, when all that is dated before them is handled.
#include "message_actors.h"

#include <algorithm>

namespace laurel::runtime {
namespace {

using namespace message_test;

struct PartitionTimers : MessagesTest {};

TEST_F(PartitionTimers, ATimerFiresOnceWhenTheWatermarkHasPassedIt) {
  const std::int64_t lateness = PartitionOptions().lateness_us;
  cluster.feed("p1", wager("a", 77, "s"), 1000);
  cluster.clock(1000);
  cluster.settle();
  cluster.clock(1000 + 3600 + lateness - 1);
  cluster.settle();
  EXPECT_TRUE(cluster.topic(kTopicBalances).empty());
  cluster.restart();
  cluster.clock(1000 + 3600 + lateness);
  cluster.settle();
  ASSERT_EQ(cluster.topic(kTopicBalances).size(), 1U);
  Amount fired;
  fired.ParseFromString(cluster.topic(kTopicBalances)[0].value);
  EXPECT_EQ(contract::units_of(fired), 1000 + 3600) << "now() is the timer's own time";
  cluster.clock(1000 + 7200 + lateness);
  cluster.restart();
  cluster.settle();
  EXPECT_EQ(cluster.topic(kTopicBalances).size(), 1U);
}

TEST_F(PartitionTimers, ACancelledTimerDoesNotFireAndOneSetAgainMoves) {
  const std::int64_t lateness = PartitionOptions().lateness_us;
  cluster.feed("p1", wager("a", 77, "gone"), 1000);
  cluster.feed("p1", wager("b", 78, "gone"), 1000);
  cluster.feed("p1", wager("c", 77, "moved"), 1000);
  cluster.feed("p1", wager("d", 77, "moved"), 2000);
  cluster.clock(1000 + 3600 + lateness);
  cluster.settle();
  EXPECT_TRUE(cluster.topic(kTopicBalances).empty());
  cluster.clock(2000 + 3600 + lateness);
  cluster.settle();
  EXPECT_EQ(cluster.topic(kTopicBalances).size(), 1U);
}

TEST_F(PartitionTimers, ATimerWaitsForTheOpenBackfillsThatTouchItsWindow) {
  const std::int64_t lateness = PartitionOptions().lateness_us;
  cluster.feed("p1", wager("a", 77, "s"), 1000);
  cluster.backfills = {{1, 0, 500, 0}, {2, 3000, 9000, 3000}};
  cluster.clock(1'000'000 + lateness);
  cluster.settle();
  EXPECT_TRUE(cluster.topic(kTopicBalances).empty());
  cluster.backfills[1].passed = 4601;
  cluster.clock(1'000'001 + lateness);
  cluster.settle();
  EXPECT_EQ(cluster.topic(kTopicBalances).size(), 1U);
}

TEST_F(PartitionTimers, ARefusedTimerIsToldFromABarrierThatWaitsBesideIt) {
  const std::int64_t lateness = PartitionOptions().lateness_us;
  cluster.feed("p1", wager("a", 77, "s"), 1000);
  cluster.settle();
  cluster.engine().refuse([](const Commit& commit) {
    return std::ranges::any_of(commit.outputs,
                               [](const Output& output) { return output.topic == kTopicBalances; });
  });
  int answered = 0;
  cluster.partition(cluster.home_of("s")).barrier([&](bool passed) { answered += passed ? 1 : 9; });
  cluster.clock(1'000'000 + lateness);
  cluster.settle();
  EXPECT_EQ(letters(), std::vector<std::string>{"commit-refused"});
  EXPECT_EQ(answered, 1);
}

}  // namespace
}  // namespace laurel::runtime
