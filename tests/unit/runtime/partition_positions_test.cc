// Where inputs are: the commit that holds an event says where its input is after it.
#include "unit/runtime/partition_fixture.h"

namespace laurel::runtime {
namespace {

struct PartitionPositionsTest : PartitionTest {
  using Wagers = std::vector<Wager>;

  Positions durable() { return disk->at(0)->positions; }
};

TEST_F(PartitionPositionsTest, EachInputHasItsOwnWhenTheyTakeTurns) {
  feed({{"a"}, {"b"}}, {"in/0", {"1", "2"}});
  feed({{"c"}}, {"in/1", {"7"}});
  feed({{"d"}}, {"in/0", {"3"}});
  feed({{"e"}});  // of no input
  pass("in/2", "5");
  pass("in/1", "8");
  commit();
  EXPECT_EQ(durable(), (Positions{{"in/0", "3"}, {"in/1", "8"}, {"in/2", "5"}}));
  EXPECT_EQ(points(), "5");
}

TEST_F(PartitionPositionsTest, WhatComesWhileACommitIsInFlightIsOfTheNext) {
  feed({{"a"}}, {"in/0", {"1"}});
  const auto sealed = partition->seal();
  feed({{"b"}}, {"in/0", {"2"}});
  EXPECT_EQ(sealed->positions, (Positions{{"in/0", "1"}}));
  end(sealed, Step::kDurable);
  EXPECT_EQ(durable(), (Positions{{"in/0", "1"}}));
  commit();
  EXPECT_EQ(durable(), (Positions{{"in/0", "2"}}));
}

TEST_F(PartitionPositionsTest, NoneGoesBackWhenRecordsAreReadAgain) {
  feed({{"a"}, {"b"}}, {"in/0", {"1", "2"}});
  const auto sealed = partition->seal();
  feed({{"c"}}, {"in/0", {"3"}});  // nothing of this input is durable yet
  end(sealed, Step::kDurable);
  const auto again = feed({{"a"}, {"b"}}, {"in/0", {"1", "2"}});
  feed({{"d"}}, {"in/1", {"1"}});
  commit();
  EXPECT_EQ(again->results[0].status, EventStatus::kDuplicate);
  EXPECT_EQ(durable(), (Positions{{"in/0", "3"}, {"in/1", "1"}}));
  feed({{"a"}}, {"in/0", {"1"}});
  feed({{"e"}}, {"in/1", {"2"}});
  commit();
  EXPECT_EQ(durable(), (Positions{{"in/0", "3"}, {"in/1", "2"}}));
  EXPECT_EQ(points(), "5");
}

TEST_F(PartitionPositionsTest, ThoseThatWaitForACommitOutliveAQuietTime) {
  feed({{"first"}}, {"in/1", {"0"}});
  commit_all();
  pass("in/0", "5");
  now_us = 60'000'000;
  partition->tick(now_us);  // nothing has happened for a minute: memory is given back
  pass("in/0", "6");
  pass("in/1", "1");
  partition->tick(now_us += 60'000'000);
  commit_all();
  EXPECT_EQ(durable(), (Positions{{"in/0", "6"}, {"in/1", "1"}}));
  partition->tick(now_us += 60'000'000);
  feed({{"a"}}, {"in/0", {"7"}});
  partition->tick(now_us += 60'000'000);
  feed({{"b"}}, {"in/0", {"8"}});
  commit_all();
  EXPECT_EQ(durable(), (Positions{{"in/0", "8"}, {"in/1", "1"}}));
  EXPECT_EQ(points(), "3");
}

TEST_F(PartitionPositionsTest, AfterARefusalTheyComeAgainWithTheirEvents) {
  for (const Step step : {Step::kAborted, Step::kRejected, Step::kUnknownNotHappened}) {
    const std::string tx = "tx-" + std::to_string(static_cast<int>(step));
    const std::string input = "in/" + tx;
    feed({{tx + "a"}}, {input, {"1"}});
    const auto sealed = partition->seal();
    feed({{tx + "b"}}, {input, {"2"}});
    end(sealed, step);
    EXPECT_FALSE(durable().contains(input));
    feed({{tx + "c"}}, {input, {"3"}});
    commit_all();
    EXPECT_EQ(durable()[input], "3");
  }
  EXPECT_EQ(points(), "9");  // what is refused once is tried again
}

TEST_F(PartitionPositionsTest, AnUnknownOutcomeThatHappenedHasThem) {
  feed({{"a"}}, {"in/0", {"1"}});
  const auto sealed = partition->seal();
  feed({{"b"}}, {"in/0", {"2"}});
  end(sealed, Step::kUnknownHappened);
  EXPECT_EQ(durable(), (Positions{{"in/0", "1"}}));
  feed({{"a"}}, {"in/0", {"1"}});
  commit_all();
  EXPECT_EQ(durable(), (Positions{{"in/0", "2"}}));
  open();
  const auto again = feed({{"b"}, {"c"}}, {"in/0", {"2", "3"}});
  commit_all();
  EXPECT_EQ(again->results[0].status, EventStatus::kDuplicate);
  EXPECT_EQ(durable(), (Positions{{"in/0", "3"}}));
  EXPECT_EQ(points(), "3");
}

}  // namespace
}  // namespace laurel::runtime
