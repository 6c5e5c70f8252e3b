// A partition's parts of backfills, and the whole that is made of all parts.
#include "backfills.h"

#include <gtest/gtest.h>

namespace laurel::runtime {
namespace {

using internal::Backfills;
using internal::OpenCommit;
using State = Backfill::State;

BackfillPart part(BackfillState state, TimeUs first, TimeUs last, TimeUs passed, bool through) {
  BackfillPart out;
  out.terms.id = 7;
  out.state = state;
  out.counts.staged = first <= last ? 1 : 0;
  out.first = first;
  out.last = last;
  out.applied_to = out.passed = passed;
  out.through = through;
  return out;
}

PartitionBackfills holds(const BackfillPart& one, bool told = false) {
  PartitionBackfills out{std::make_shared<BackfillParts>(BackfillParts{one}), {}};
  if (told) out.told.push_back(7);
  return out;
}

PartitionBackfills nothing() { return {std::make_shared<BackfillParts>(), {}}; }

Backfill whole(const std::vector<PartitionBackfills>& partitions) {
  const auto all = gather_backfills(partitions);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Backfill() : all[0];
}

constexpr auto kOpen = BackfillState::kOpen;
constexpr auto kClosed = BackfillState::kClosed;
constexpr auto kDropped = BackfillState::kDropped;

TEST(GatheredBackfills, SpanWhatAllPartsHoldAndHavePassed) {
  const Backfill one = whole({holds(part(kClosed, 10, 20, 15, false), true),
                              holds(part(kClosed, 5, 12, 11, false), true),
                              holds(part(kClosed, 1, 2, 2, true), true)});
  EXPECT_EQ(one.state, State::kApplying);
  EXPECT_EQ(one.span, (BackfillSpan{7, 1, 20, 11, true, true}));
}

TEST(GatheredBackfills, AreNotAppliedBeforeAllHaveClosedThemAndKnowTheBounds) {
  const auto open = part(kOpen, 1, 2, kNoTime, false);
  const auto closed = part(kClosed, 1, 2, kNoTime, false);
  const Backfill half = whole({holds(open), holds(closed)});
  EXPECT_EQ(half.state, State::kApplying);
  EXPECT_EQ(half.span, (BackfillSpan{7, 1, 2, kNoTime, false, false}));
  EXPECT_FALSE(whole({holds(closed), nothing()}).span.fixed);
  EXPECT_FALSE(whole({holds(closed, true), holds(closed)}).span.apply);
  EXPECT_TRUE(whole({holds(closed, true), holds(closed, true)}).span.apply);
}

TEST(GatheredBackfills, ThatAreSortedSpanAllTimeWhileTheyAreOpen) {
  auto one = part(kOpen, kAllTime, kNoTime, 9, false);
  one.terms.sorted = true;
  EXPECT_EQ(whole({holds(one), holds(one, true)}).span,
            (BackfillSpan{7, kNoTime, kAllTime, 9, true, false}));
  EXPECT_FALSE(whole({holds(one), nothing()}).span.fixed);
}

TEST(GatheredBackfills, LeaveNothingHalfDone) {
  const auto open = part(kOpen, 1, 2, kNoTime, false);
  const auto order_of = [](const std::vector<PartitionBackfills>& partitions) {
    const auto orders = unfinished_orders(gather_backfills(partitions));
    return orders.empty() ? BackfillState{} : orders[0].state;
  };
  EXPECT_EQ(order_of({holds(open), nothing()}), kOpen);
  EXPECT_EQ(order_of({holds(open), holds(part(kClosed, 1, 2, 1, true))}), kClosed);
  EXPECT_EQ(order_of({holds(open), holds(part(kDropped, 1, 2, 1, true))}), kDropped);
  EXPECT_EQ(order_of({holds(open), holds(open)}), BackfillState{});
  const auto through = part(kClosed, 1, 2, 2, true);
  EXPECT_EQ(order_of({holds(through), nothing()}), BackfillState{}) << "on its way out";
}

TEST(Backfills, HavePassedAnEventAfterThreeHopsAtMost) {
  Backfills backfills;
  BackfillTerms terms;
  terms.id = 7;
  backfills.add(terms).applied_to = 5;
  for (int drained = 0; drained < 3; ++drained) {
    backfills.inbox_drained(false);
    EXPECT_EQ(backfills.find(7)->passed, kNoTime);
  }
  backfills.inbox_drained(false);
  EXPECT_EQ(backfills.find(7)->passed, 5);
  backfills.change(7).applied_to = 8;
  backfills.inbox_drained(true);
  EXPECT_EQ(backfills.find(7)->passed, 8) << "nothing was on its way";
}

TEST(Backfills, GoBackToWhatIsDurable) {
  Backfills backfills;
  OpenCommit open;
  BackfillTerms terms;
  terms.id = 7;
  backfills.add(terms);
  backfills.write(open);
  EXPECT_TRUE(backfills.durable()->empty());
  backfills.settle();
  EXPECT_EQ(backfills.durable()->size(), 1U);
  backfills.change(7).counts.staged = 3;
  backfills.write(open);
  backfills.change(7).counts.staged = 4;
  EXPECT_TRUE(backfills.changed());
  backfills.revert();
  EXPECT_FALSE(backfills.changed());
  EXPECT_EQ(backfills.find(7)->counts.staged, 0U);
}

}  // namespace
}  // namespace laurel::runtime
