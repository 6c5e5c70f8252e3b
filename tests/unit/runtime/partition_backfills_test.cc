// Sorted backfills: whatever order past events come in, and whatever becomes of the commits, the
// result is that of a live run in order of event time.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "backfill_cluster.h"
#include "laurel/contract/media_type.h"
#include "support/commits.h"

namespace laurel::runtime::backfill_test {
namespace {

EventStatus status_of(const std::shared_ptr<Submission>& submission) {
  return submission->results[0].status;
}

// The same events live, in order of event time, each window closed when it is over.
Books live(const std::vector<Past>& events) {
  Cluster cluster;
  for (const Past& each : events) {
    cluster.clock(each.time_us);
    cluster.stage(each, 0);
    cluster.settle();
  }
  cluster.clock(kLater);
  cluster.settle();
  return books_of(cluster);
}

Books shuffled(const std::vector<Past>& events, std::uint32_t seed, std::uint16_t partitions) {
  std::vector<Past> order = events;
  std::shuffle(order.begin(), order.end(), std::mt19937(seed));
  Cluster cluster(partitions);
  cluster.open();
  for (const Past& each : order) cluster.stage(each);
  cluster.settle();
  EXPECT_EQ(books_of(cluster).ended, 0U);
  cluster.close();
  EXPECT_EQ(cluster.backfill().state, Backfill::State::kFinished);
  EXPECT_EQ(cluster.backfill().counts.accepted, events.size());
  EXPECT_EQ(cluster.rows(), 0U);
  return books_of(cluster);
}

TEST(PartitionBackfills, InAnyOrderGiveWhatALiveRunInOrderGives) {
  const auto events = past(1, 120);
  const Books expected = live(events);
  EXPECT_EQ(expected.ended, 5U);
  EXPECT_TRUE(expected.letters.empty());
  EXPECT_EQ(shuffled(events, 7, 3), expected);
  EXPECT_EQ(shuffled(events, 8, 1), expected);
  EXPECT_EQ(shuffled(events, 9, 5), expected);
}

TEST(PartitionBackfills, AreStagedUntilTheyAreClosed) {
  Cluster cluster;
  const auto events = past(1, 10);
  cluster.open();
  std::vector<std::shared_ptr<Submission>> answers;
  for (const Past& each : events) answers.push_back(cluster.stage(each));
  cluster.settle();
  for (const auto& answer : answers) EXPECT_EQ(status_of(answer), EventStatus::kStaged);
  const Backfill open = cluster.backfill();
  EXPECT_EQ(open.state, Backfill::State::kOpen);
  EXPECT_EQ(open.counts.staged, 10U);
  EXPECT_EQ(open.span.first, events.front().time_us);
  EXPECT_EQ(open.span.last, events.back().time_us);
  EXPECT_TRUE(cluster.topic("balances").empty());
  cluster.restart();
  cluster.close();
  EXPECT_EQ(cluster.backfill().counts.accepted, 10U);
  EXPECT_EQ(cluster.topic("balances").size(), 10U);
}

TEST(PartitionBackfills, TellDuplicatesAndConflictsOfWhatIsStagedAndOfWhatIsLive) {
  Cluster cluster;
  auto events = past(1, 4);
  cluster.stage(events[0], 0);  // live
  cluster.open();
  for (const Past& each : events) cluster.stage(each);
  cluster.settle();
  const auto again = cluster.stage(events[1]);
  events[2].wager.set_game_id("other");
  const auto other = cluster.stage(events[2]);
  events[3].time_us += 1;  // staged beside the one it contradicts
  const auto moved = cluster.stage(events[3]);
  cluster.settle();
  EXPECT_EQ(status_of(again), EventStatus::kDuplicate);
  EXPECT_EQ(status_of(other), EventStatus::kConflict);
  EXPECT_EQ(status_of(moved), EventStatus::kStaged);
  cluster.close();
  const BackfillCounts counts = cluster.backfill().counts;
  EXPECT_EQ(counts.staged, 5U);
  EXPECT_EQ(counts.applied, 5U);
  EXPECT_EQ(counts.accepted, 3U);
  EXPECT_EQ(counts.duplicates, 2U);  // the live one, and the one staged twice
  EXPECT_EQ(counts.conflicts, 2U);
  EXPECT_EQ(books_of(cluster).letters,
            (std::multiset<std::string>{"conflict test:1", "conflict test:1"}));
}

TEST(PartitionBackfills, TellWhatIsRefusedWhenItIsApplied) {
  Cluster cluster;
  auto events = past(1, 2);
  events[1].wager.set_tx_id("bad");
  cluster.open();
  for (const Past& each : events) {
    cluster.stage(each)->records[0].encoding = Encoding::kProtobuf;
  }
  cluster.settle();
  cluster.close();
  const Backfill done = cluster.backfill();
  EXPECT_EQ(done.counts.rejected, 1U);
  ASSERT_EQ(done.refusals.size(), 1U);
  EXPECT_EQ(done.refusals[0].place, "test:1");
  EXPECT_EQ(done.refusals[0].reason, "bad-luck");
  ASSERT_EQ(cluster.topic(kTopicDeadLetters).size(), 1U);
  contract::DeadLetter letter;
  letter.ParseFromString(cluster.topic(kTopicDeadLetters)[0].value);
  EXPECT_EQ(letter.raw(), "raw");
  EXPECT_EQ(letter.content_type(), contract::kProtobufEvent);
}

TEST(PartitionBackfills, GiveBackWhatComesAfterTheClose) {
  Cluster cluster;
  const auto events = past(1, 3);
  cluster.open();
  cluster.stage(events[0]);
  cluster.settle();
  cluster.close();
  const auto late = cluster.stage(events[1]);
  const auto never = cluster.stage(events[2], 77);  // nobody opened it
  cluster.settle();
  EXPECT_EQ(status_of(late), EventStatus::kPending);
  EXPECT_EQ(status_of(never), EventStatus::kPending);
  EXPECT_EQ(cluster.topic("balances").size(), 1U);
  EXPECT_TRUE(cluster.topic(kTopicDeadLetters).empty());
}

TEST(PartitionBackfills, DroppedLeaveNothing) {
  Cluster cluster(1);
  cluster.open();
  const auto events = past(1, 2500);
  for (const Past& each : events) cluster.stage(each);
  cluster.settle();
  cluster.order(Cluster::to(BackfillState::kDropped));
  cluster.step(0);
  for (const std::size_t left : {1500U, 500U}) {  // a part in each commit
    EXPECT_EQ(cluster.rows(), left);
    EXPECT_EQ(cluster.backfill().state, Backfill::State::kDropping);
    cluster.restart();
    cluster.step(0);
  }
  EXPECT_EQ(cluster.backfill().state, Backfill::State::kDropped);
  EXPECT_EQ(cluster.rows(), 0U);
  EXPECT_TRUE(cluster.topic("balances").empty());
  cluster.close();
  EXPECT_EQ(cluster.backfill().state, Backfill::State::kDropped) << "it stays dropped";
}

TEST(PartitionBackfills, SortedOnesAreAppliedAtOnceAndRefuseWhatIsOutOfOrder) {
  Cluster cluster;
  const auto events = past(1, 30);
  cluster.open(1, true);
  for (const Past& each : events) EXPECT_TRUE(cluster.stage(each));
  cluster.settle();
  EXPECT_EQ(cluster.backfill().counts.accepted, 30U);
  const auto again = cluster.stage(events[3]);
  auto older = events[3];
  older.wager.set_tx_id("older");
  const auto refused = cluster.stage(older);
  cluster.settle();
  EXPECT_EQ(status_of(again), EventStatus::kDuplicate) << "sending again is always safe";
  EXPECT_EQ(status_of(refused), EventStatus::kRejected);
  EXPECT_EQ(refused->results[0].reason, "out-of-order");
  EXPECT_EQ(cluster.topic("ledger").size(), 0U) << "timers wait until it is closed";
  cluster.restart();
  const auto still = cluster.stage(older);
  cluster.settle();
  EXPECT_EQ(status_of(still), EventStatus::kRejected);
  cluster.close();
  Books expected = live(events);
  expected.letters = {"out-of-order test:1", "out-of-order test:1"};
  EXPECT_EQ(books_of(cluster), expected);
}

TEST(PartitionBackfills, ALiveEventThatIsRefusedIsFoundWhileABackfillIsApplied) {
  Cluster cluster(1);
  const auto events = past(1, 3000);
  cluster.open();
  for (const Past& each : events) cluster.stage(each);
  cluster.settle();
  cluster.engine().refuse(
      [](const Commit& commit) { return laurel::testing::journals(commit, "refused"); });
  std::vector<std::shared_ptr<Submission>> live;
  for (int i = 0; i < 200; ++i) {
    auto wager = events[0].wager;
    wager.set_tx_id(i == 133 ? "refused" : "live" + std::to_string(i));
    wager.set_game_id("now");
    live.push_back(cluster.feed("p0", wager, kLater));
  }
  const std::size_t before = cluster.engine().handed_in().size();
  cluster.close();
  EXPECT_EQ(cluster.backfill().counts.applied, 3000U);
  for (std::size_t i = 0; i < live.size(); ++i) {
    EXPECT_EQ(live[i]->results[0].reason, i == 133 ? "commit-refused" : "") << i;
  }
  EXPECT_LT(cluster.engine().handed_in().size() - before, 60U);
}

TEST(PartitionBackfills, LiveEventsGoFirstButNotAlways) {
  PartitionOptions options;
  options.turns_max = 800;  // an event has four here
  Cluster cluster(1, options);
  const auto events = past(1, 400);
  cluster.open();
  for (std::size_t i = 0; i < 200; ++i) cluster.stage(events[i]);
  cluster.settle();
  cluster.order(Cluster::to(BackfillState::kClosed));
  while (cluster.partition(0).backfills().parts->front().state != BackfillState::kClosed) {
    cluster.step(0);
  }
  cluster.tell_time();
  cluster.step(0);
  cluster.tell_time();
  for (std::size_t i = 200; i < 400; ++i) cluster.stage(events[i], 0);
  cluster.partition(0).run(kLater);
  std::map<bool, int> rows;  // of the journal, of what was staged
  for (const Row& row : cluster.partition(0).seal()->rows) {
    if (row.space == Space::kJournal) ++rows[true];
    if (row.space == Space::kStaged && !row.value) ++rows[false];
  }
  EXPECT_EQ(rows[true], 200);
  EXPECT_EQ(rows[false], 64);
}

// An order that only some partitions have made durable is finished at the next start.
TEST(PartitionBackfills, ACloseThatIsHalfDoneIsFinished) {
  const auto events = past(3, 60);
  Cluster cluster;
  cluster.open();
  for (const Past& each : events) cluster.stage(each);
  cluster.settle();
  cluster.order(Cluster::to(BackfillState::kClosed));
  cluster.step(1);
  cluster.restart();
  EXPECT_EQ(cluster.backfill().state, Backfill::State::kApplying);
  EXPECT_FALSE(cluster.backfill().span.fixed);
  cluster.settle();
  EXPECT_TRUE(cluster.topic("balances").empty()) << "nothing is applied before all have closed it";
  const auto orders = unfinished_orders(cluster.gathered());
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].state, BackfillState::kClosed);
  cluster.order(orders[0]);
  cluster.settle();
  EXPECT_EQ(books_of(cluster), live(events));
  EXPECT_TRUE(unfinished_orders(cluster.gathered()).empty());
}

// However full the commits, and whenever the time is told.
TEST(PartitionBackfills, NothingIsFinalBeforeWhatItsEventsSetInMotionHasArrived) {
  auto events = past(5, 60);
  for (Past& each : events) {  // three in each window
    each.time_us *= 4;
    each.wager.set_game_id("hour" + std::to_string(each.time_us / kHour));
  }
  const Books expected = live(events);
  EXPECT_EQ(expected.ended, 20U);
  for (std::uint32_t turns_max = 1; turns_max < 6; ++turns_max) {
    PartitionOptions options;
    options.turns_max = turns_max;
    Cluster cluster(3, options);
    cluster.open();
    for (const Past& each : events) cluster.stage(each);
    cluster.settle();
    cluster.order(Cluster::to(BackfillState::kClosed));
    for (bool moved = true; moved;) {
      moved = false;
      for (std::uint16_t id = 0; id < 3; ++id) {
        moved = cluster.step(id) || moved;
        moved = cluster.tell_time() || moved;
      }
    }
    EXPECT_EQ(books_of(cluster), expected) << turns_max;
  }
}

TEST(PartitionBackfills, AreListedForAWhileWhenTheyAreFinished) {
  Cluster cluster(1);
  for (std::uint64_t id = 1; id <= kBackfillsKeptMax + 5; ++id) {
    cluster.order(Cluster::to(BackfillState::kOpen, id));
    cluster.order(Cluster::to(BackfillState::kClosed, id));
  }
  cluster.settle();
  cluster.open(1000);
  EXPECT_EQ(cluster.gathered().size(), kBackfillsKeptMax + 1);
  EXPECT_EQ(cluster.gathered().front().terms.id, 6U);
  cluster.restart();
  EXPECT_EQ(cluster.gathered().size(), kBackfillsKeptMax + 1);
}

// Crashes, aborts and unknown outcomes at every step of staging, closing and applying.
TEST(PartitionBackfills, CountOnceThroughAbortsUnknownOutcomesAndCrashes) {
  const auto events = past(4, 60);
  const Books expected = live(events);
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    std::mt19937 random(seed);
    PartitionOptions options;
    options.turns_max = 7;
    Cluster chaos(3, options);
    std::vector<Past> order = events;
    std::shuffle(order.begin(), order.end(), random);
    const auto disturb = [&](int steps, auto again) {
      for (int step = 0; step < steps; ++step) {
        const auto id = static_cast<std::uint16_t>(random() % 3);
        const Step outcomes[] = {Step::kDurable, Step::kDurable, Step::kAborted,
                                 Step::kUnknownHappened, Step::kUnknownNotHappened};
        chaos.engine().script(id, {outcomes[random() % 5]});
        chaos.step(id);
        if (random() % 3 == 0) chaos.tell_time();
        if (random() % 12 == 0) {
          chaos.restart();
          again();
        }
      }
    };
    const auto open = [&] { chaos.order(Cluster::to(BackfillState::kOpen)); };
    const auto stage_all = [&] {
      for (const Past& each : order) chaos.stage(each);
    };
    open();
    disturb(6, open);
    chaos.settle();
    stage_all();
    disturb(40, stage_all);
    chaos.settle();
    const auto close = [&] { chaos.order(Cluster::to(BackfillState::kClosed)); };
    close();
    disturb(60, close);
    chaos.restart();
    close();
    chaos.settle();
    EXPECT_EQ(books_of(chaos), expected) << "seed " << seed;
    EXPECT_EQ(chaos.backfill().counts.accepted, events.size()) << "seed " << seed;
    EXPECT_EQ(chaos.backfill().counts.applied, events.size()) << "seed " << seed;
    EXPECT_EQ(chaos.rows(), 0U);
  }
}

}  // namespace
}  // namespace laurel::runtime::backfill_test
