// Messages between partitions: once each, in order, through aborts and crashes.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "laurel/runtime/inbox.pb.h"
#include "message_actors.h"
#include "support/commits.h"
#include "support/golden.h"

namespace laurel::runtime {
namespace {

using namespace message_test;

struct PartitionMessages : MessagesTest {};

TEST_F(PartitionMessages, ReachActorsOfOtherPartitions) {
  for (int i = 0; i < 20; ++i) {
    cluster.feed("p" + std::to_string(i), wager("t", 5, "s" + std::to_string(i % 7)), 1000);
  }
  cluster.settle();
  std::uint64_t total = 0;
  for (int i = 0; i < 7; ++i) total += sum("s" + std::to_string(i));
  EXPECT_EQ(total, 100U);
  EXPECT_TRUE(letters().empty());
}

TEST_F(PartitionMessages, WhyTheyWereSentArrivesWithThem) {
  told.clear();
  std::vector<std::string> expected;
  for (const std::string sink : {"s1", "s2", "s3", "s4", "s5"}) {
    contract::WagerVoided voided;
    voided.set_voids_tx_id("t-" + sink);
    cluster.feed("p1", wager("t-" + sink, 7, sink), 1000);
    cluster.feed("p1", voided, 1001);
    for (const std::string type : {"settled", "voided"}) {
      expected.push_back(sink + " laurel.wager." + type + ".v1 urn:test p1");
    }
  }
  cluster.settle();
  EXPECT_THAT(told, ::testing::UnorderedElementsAreArray(expected));
}

TEST_F(PartitionMessages, ARecordOfFormat1IsHandled) {
  // To sink/s9 an amount of 5 because of a wager, and one of 6 because of a void.
  cluster.put_inbox(cluster.home_of("s9"), 0, laurel::testing::golden("inbox-chunk-1.hex"));
  cluster.restart();
  told.clear();
  cluster.settle();
  EXPECT_EQ(told, (std::vector<std::string>{"s9 laurel.wager.settled.v1 urn:s p1",
                                            "s9 laurel.wager.voided.v1 urn:t p2"}));
  EXPECT_EQ(sum("s9"), 11U);
}

TEST_F(PartitionMessages, ARecordThatRefersToWhatItDoesNotHoldStopsThePartition) {
  InboxChunk chunk;
  chunk.set_format(2);
  chunk.add_causes();
  chunk.add_routes()->set_to_type("sink");
  const auto fails = [&](std::uint32_t route, std::uint32_t cause) {
    chunk.clear_messages();
    chunk.add_messages()->set_route(route);
    chunk.mutable_messages(0)->set_cause(cause);
    PartitionCluster fresh{4, types(), std::make_shared<Catalog>()};
    fresh.put_inbox(1, 0, chunk.SerializeAsString());
    fresh.restart();
    fresh.step(1);
    return fresh.partition(1).failed();
  };
  EXPECT_FALSE(fails(0, 0));
  EXPECT_TRUE(fails(1, 0));
  EXPECT_TRUE(fails(0, 1));
}

TEST_F(PartitionMessages, OfOneCommitTheLatestArrivesOnce) {
  for (int i = 0; i < 9; ++i) cluster.feed("p1", wager("t" + std::to_string(i), 1, "s"), 1000);
  cluster.settle();
  EXPECT_EQ(came("s-latest"), 1U);
  EXPECT_EQ(came("s"), 9U);
}

TEST_F(PartitionMessages, AMessageHasNothingOfTheOneBeforeIt) {
  // Some sinks are beside the source, some elsewhere.
  for (const std::string sink : {"s1", "s2", "s3", "s4", "s5"}) {
    auto full = wager("full-" + sink, 7, sink);
    auto empty = wager("empty-" + sink, 7, sink);
    empty.mutable_stake_total()->Clear();
    cluster.feed("p1", full, 1000);
    cluster.feed("p1", empty, 1000);
    cluster.settle();
    EXPECT_EQ(sum(sink), 7U);
    EXPECT_EQ(came(sink), 2U);
  }
}

TEST_F(PartitionMessages, ARejectedMessageIsADeadLetterAndTheRestArrives) {
  cluster.feed("p1", wager("a", 13, "s"), 1000);
  cluster.feed("p1", wager("b", 14, "s"), 1000);
  cluster.settle();
  EXPECT_EQ(sum("s"), 14U);
  EXPECT_EQ(letters(), std::vector<std::string>{"unlucky"});
}

TEST_F(PartitionMessages, AChainWithoutAnEndIsCutAndCounted) {
  cluster.feed("p1", wager("a", 1000, "s"), 1000);
  cluster.settle();
  EXPECT_EQ(letters(), std::vector<std::string>{"too-many-hops"});
  EXPECT_EQ(came("s"), PartitionOptions().hops_total_max);
}

TEST_F(PartitionMessages, ALongOperationGoesStepByStepThroughCrashes) {
  cluster.feed("p1", wager("a", 79, "s"), 1000);
  for (int i = 0; i < 10; ++i) {
    for (std::uint16_t id = 0; id < 4; ++id) cluster.step(id);
    cluster.restart();
  }
  cluster.settle();
  EXPECT_EQ(sum("s"), 79U + 5U);
}

TEST_F(PartitionMessages, WhatWasRememberedIsRecalledByAVoid) {
  cluster.feed("p1", wager("a", 50, "s"), 1000);
  cluster.feed("p1", wager("b", 7, "s"), 1000);
  contract::WagerVoided voided;
  voided.set_voids_tx_id("a");
  cluster.feed("p1", voided, 2000);
  cluster.settle();
  EXPECT_EQ(sum("s"), 7U);
  voided.set_voids_tx_id("nothing");
  cluster.feed("p1", voided, 2000);
  cluster.settle();
  EXPECT_EQ(letters(), std::vector<std::string>{"unknown-wager"});
}

TEST_F(PartitionMessages, AMessageThatTheEngineRefusesIsADeadLetterAlone) {
  cluster.feed("p1", wager("a", 5, "s"), 1000);
  cluster.feed("p1", wager("b", 6, "s"), 1000);
  const auto home = cluster.home_of("s");
  const auto source = cluster.home_of("p1");
  ASSERT_NE(home, source);
  cluster.step(source);
  // The commit of all, twice; then each alone: the first one is refused twice more.
  cluster.engine().script(home, {Step::kRejected, Step::kRejected, Step::kRejected});
  cluster.settle();
  EXPECT_EQ(letters(), std::vector<std::string>{"commit-refused"});
  EXPECT_EQ(sum("s"), 6U);
}

TEST_F(PartitionMessages, WhatIsRefusedIsFoundWhileMessagesKeepComing) {
  const auto home = cluster.home_of("p1");
  const std::string near = sink_beside("p1"), far = source_elsewhere("p1");
  for (int i = 0; i < 20; ++i) {
    cluster.feed("p1", wager(i == 11 ? "refused" : "t" + std::to_string(i), 5, near), 1000);
  }
  cluster.engine().refuse([&](const Commit& commit) {
    return commit.partition == home && laurel::testing::journals(commit, "refused");
  });
  int rounds = 0;
  for (; rounds < 200 && letters().empty(); ++rounds) {
    cluster.feed(far, wager("x" + std::to_string(rounds), 1, near), 1000);
    cluster.step(cluster.home_of(far));
    cluster.step(home);
  }
  EXPECT_LT(rounds, 20);
  cluster.settle();
  EXPECT_EQ(letters(), std::vector<std::string>{"commit-refused"});
  EXPECT_EQ(sum(near), 19U * 5U + static_cast<std::uint64_t>(rounds));
}

// Messages go before events: between two tries they would take a commit for themselves.
TEST_F(PartitionMessages, WhatIsRefusedIsFoundWhileMessagesFillWholeCommits) {
  PartitionOptions options;
  options.turns_max = 8;
  PartitionCluster small{4, types(), std::make_shared<Catalog>(), options};
  const auto home = small.home_of("p1");
  const std::string near = sink_beside("p1"), far = source_elsewhere("p1");
  small.engine().refuse([&](const Commit& commit) {
    return commit.partition == home && laurel::testing::journals(commit, "refused");
  });
  const auto refused = small.feed("p1", wager("refused", 5, near), 1000);
  int rounds = 0;
  for (; rounds < 100 && refused->results[0].reason.empty(); ++rounds) {
    for (int i = 0; i < 12; ++i) {
      small.feed(far, wager("x" + std::to_string(100 * rounds + i), 1, near), 1000);
    }
    for (int i = 0; i < 6; ++i) small.step(small.home_of(far));
    small.step(home);
  }
  EXPECT_LT(rounds, 30);
  EXPECT_EQ(refused->results[0].reason, "commit-refused");
  small.settle();
}

// Each stake reaches its sink once, whatever becomes of the commits.
TEST_F(PartitionMessages, CountOnceThroughAbortsUnknownOutcomesAndCrashes) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    std::mt19937 random(seed);
    PartitionOptions options;
    // Most commits end within a chunk of the inbox.
    if (seed > 5) options.turns_max = 1 + seed % 3;
    PartitionCluster chaos(3, types(), std::make_shared<Catalog>(), options);
    std::map<std::string, std::uint64_t> expected;
    std::vector<contract::WagerSettled> all;
    const auto feed_all = [&] {
      for (std::size_t i = 0; i < all.size(); ++i) {
        chaos.feed("p" + std::to_string(i % 5), all[i], 1000);
      }
    };
    for (int i = 0; i < 60; ++i) {
      const std::string sink = "s" + std::to_string(random() % 4);
      all.push_back(wager("t" + std::to_string(i), static_cast<int>(20 + random() % 50), sink));
      expected[sink] += static_cast<std::uint64_t>(all.back().stake_total().units_low());
    }
    feed_all();
    const int steps = seed > 5 ? 400 : 60;
    for (int step = 0; step < steps; ++step) {
      const auto id = static_cast<std::uint16_t>(random() % 3);
      const Step outcomes[] = {Step::kDurable, Step::kAborted, Step::kUnknownHappened,
                               Step::kUnknownNotHappened};
      chaos.engine().script(id, {outcomes[random() % 4]});
      chaos.step(id);
      if (random() % 10 == 0) {
        chaos.restart();
        feed_all();  // the senders repeat themselves
      }
    }
    chaos.restart();
    feed_all();
    chaos.settle();
    for (const auto& [sink, sum] : expected) {
      EXPECT_EQ(chaos.root<PlayerState>("sink", sink).wagers(), sum) << sink << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace laurel::runtime
