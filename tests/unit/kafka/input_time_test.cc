// Up to when everything appended to an input is durable.
#include "input_time.h"

#include <gtest/gtest.h>

namespace laurel::adapters::kafka {
namespace {

TEST(InputTimeTest, NothingIsKnownBeforeAnAnswer) {
  InputTime time;
  EXPECT_EQ(time.come_to(100), 0);
  time.ends_at(0, 1000);  // an empty one
  EXPECT_EQ(time.come_to(0), 1000);
}

TEST(InputTimeTest, WaitsUntilItIsReadSoFarAndAllOfThatIsDone) {
  InputTime time;
  auto first = time.hand_in();
  time.ends_at(7, 1000);
  EXPECT_EQ(time.come_to(5), 0);
  auto second = time.hand_in();
  EXPECT_EQ(time.come_to(7), 0);
  const auto later = time.hand_in();  // of what comes behind it: nobody waits for that
  second.reset();
  EXPECT_EQ(time.come_to(9), 0);
  first.reset();
  EXPECT_EQ(time.come_to(9), 1000);
  EXPECT_EQ(time.come_to(9), 1000);
}

TEST(InputTimeTest, AnEarlierAnswerThatIsNotReachedStaysUntilItIs) {
  InputTime time;
  time.ends_at(7, 1000);
  time.ends_at(20, 2000);
  EXPECT_EQ(time.come_to(6), 0);
  EXPECT_EQ(time.come_to(8), 1000);
  time.ends_at(20, 3000);
  EXPECT_EQ(time.come_to(19), 1000);
  EXPECT_EQ(time.come_to(20), 3000);
}

TEST(InputTimeTest, UnderALoadThatNeverEndsItGoesOn) {
  InputTime time;
  std::int64_t come_to = 0;
  auto under_way = time.hand_in();
  for (std::int64_t at = 1; at < 100; ++at) {
    if (at % 10 == 1) time.ends_at(at + 3, at);
    auto next = time.hand_in();
    under_way = std::move(next);  // one is always under way
    come_to = time.come_to(at);
  }
  EXPECT_EQ(come_to, 91);
}

}  // namespace
}  // namespace laurel::adapters::kafka
