// Messages between partitions and timers: once each, in order, through aborts and crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/inbox.pb.h"
#include "laurel/runtime/topics.h"
#include "support/golden.h"
#include "support/partition_cluster.h"

namespace laurel::runtime {
namespace {

using actors::player::PlayerState;
using contract::Amount;
using laurel::testing::PartitionCluster;
using laurel::testing::Step;

// Sends each stake to one of some sinks (absolute too), and what the wager's id says.
class Source : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    const Int128 stake = contract::units_of(wager.stake_total());
    state().set_wagers(state().wagers() + static_cast<std::uint64_t>(stake));
    turn.send({"sink", wager.game_id()}, wager.stake_total());
    contract::PointsPosted total;
    total.set_player(turn.self().key);
    total.set_sequence(state().wagers());
    turn.send_latest({"sink", wager.game_id() + "-latest"}, total);
    turn.remember(wager.stake_total());
  }
  void on(const contract::WagerVoided& wager, Turn& turn) {
    contract::WagerSettled event;
    Amount note;
    if (!turn.recall(*contract::WagerSettled::descriptor(),
                     {turn.cause().source, turn.cause().subject, wager.voids_tx_id()}, &event,
                     &note)) {
      return turn.reject("unknown-wager", {});
    }
    contract::set_units(note, -contract::units_of(note));
    turn.send({"sink", event.game_id()}, note);
  }
};

// What sinks were told by amounts, and why.
std::vector<std::string> told;

class Sink : public Actor<PlayerState> {
 public:
  void on(const Amount& amount, Turn& turn) {
    const Cause& cause = turn.cause();
    told.push_back(turn.self().key + " " + std::string(cause.event_type) + " " +
                   std::string(cause.source) + " " + std::string(cause.subject));
    const auto units = contract::units_of(amount);
    state().set_wagers(state().wagers() + static_cast<std::uint64_t>(units));
    state().set_ledger_entries(state().ledger_entries() + 1);  // how many came
    if (units == 13) return turn.reject("unlucky", "13");
    if (units == 1000) turn.send(turn.self(), amount);  // for ever
    if (units == 77) {                                  // in an hour
      turn.set_timer({"alarm", TimerClock::kEvent, turn.now() + 3600, turn.now()},
                     contract::BalanceChanged());
    }
    if (units == 78) turn.cancel_timer("alarm");
    if (units == 79) turn.again(contract::DeadLetter());
  }
  // The largest total of each sender: absolute, the last one wins.
  void on(const contract::PointsPosted& total, Turn& turn) {
    contract::PointsPosted old;
    turn.get("totals", total.player(), old);
    EXPECT_LE(old.sequence(), total.sequence()) << "out of order";
    turn.put("totals", total.player(), total);
    state().set_ledger_entries(state().ledger_entries() + 1);
  }
  void on(const contract::BalanceChanged&, Turn& turn) {
    Amount fired = contract::make_amount(turn.now(), "X", 0);
    turn.emit("balances", turn.self().key, fired);
  }
  void on(const contract::DeadLetter& step, Turn& turn) {
    contract::DeadLetter next = step;
    next.set_raw_bytes(step.raw_bytes() + 1);
    state().set_wagers(state().wagers() + 1);
    if (next.raw_bytes() < 5) turn.again(next);
  }
};

std::vector<ActorType> types() {
  return {describe<Source>("source").takes<contract::WagerSettled>().takes<contract::WagerVoided>(),
          describe<Sink>("sink")
              .handles<Amount>()
              .handles<contract::PointsPosted>()
              .handles<contract::BalanceChanged>()
              .handles<contract::DeadLetter>()
              .keyed_table<contract::PointsPosted>("totals")};
}

contract::WagerSettled wager(const std::string& tx, std::int64_t stake, const std::string& sink) {
  contract::WagerSettled out;
  out.set_tx_id(tx);
  *out.mutable_stake_total() = contract::make_amount(stake, "EUR", 2);
  out.set_game_id(sink);
  return out;
}

struct PartitionMessages : ::testing::Test {
  PartitionCluster cluster{4, types(), std::make_shared<Catalog>()};
  std::uint64_t sum(const std::string& sink) {
    return cluster.root<PlayerState>("sink", sink).wagers();
  }
  std::uint64_t came(const std::string& sink) {
    return cluster.root<PlayerState>("sink", sink).ledger_entries();
  }
  std::vector<std::string> letters() {
    std::vector<std::string> reasons;
    for (const auto& record : cluster.topic(kTopicDeadLetters)) {
      contract::DeadLetter letter;
      letter.ParseFromString(record.value);
      reasons.push_back(letter.reason());
    }
    return reasons;
  }
};

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

TEST_F(PartitionMessages, ATimerFiresOnceWhenTheWatermarkHasPassedIt) {
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

TEST_F(PartitionMessages, ACancelledTimerDoesNotFireAndOneSetAgainMoves) {
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

TEST_F(PartitionMessages, ATimerWaitsForTheOpenBackfillsThatTouchItsWindow) {
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
  std::string near = "s", far = "f";  // a sink beside it, and who sends to that
  while (cluster.home_of(near) != home) near += "s";
  while (cluster.home_of(far) == home) far += "f";
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
  std::string near = "s", far = "f";
  while (small.home_of(near) != home) near += "s";
  while (small.home_of(far) == home) far += "f";
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

TEST_F(PartitionMessages, ARefusedTimerIsToldFromABarrierThatWaitsBesideIt) {
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
