#include "laurel/runtime/backfill.h"

#include <algorithm>
#include <map>

namespace laurel::runtime {
namespace {

struct Seen {
  Backfill all;
  std::size_t parts = 0, open = 0, closed = 0, dropped = 0, through = 0, told = 0;
  TimeUs passed = kAllTime;
};

void add(Seen& seen, const BackfillPart& part) {
  Backfill& all = seen.all;
  all.terms = part.terms;
  ++seen.parts;
  seen.open += part.state == BackfillState::kOpen ? 1 : 0;
  seen.closed += part.state == BackfillState::kClosed ? 1 : 0;
  seen.dropped += part.state == BackfillState::kDropped ? 1 : 0;
  seen.through += part.through ? 1 : 0;
  if (!part.through) seen.passed = std::min(seen.passed, part.passed);
  all.counts.staged += part.counts.staged;
  all.counts.applied += part.counts.applied;
  all.counts.accepted += part.counts.accepted;
  all.counts.duplicates += part.counts.duplicates;
  all.counts.conflicts += part.counts.conflicts;
  all.counts.rejected += part.counts.rejected;
  all.span.first = std::min(all.span.first, part.first);
  all.span.last = std::max(all.span.last, part.last);
  if (all.ended_by.empty() && all.end_reason.empty()) {
    all.ended_by = part.ended_by;
    all.end_reason = part.end_reason;
  }
  for (const BackfillRefusal& refusal : part.refusals) {
    if (all.refusals.size() < kBackfillRefusalsMax) all.refusals.push_back(refusal);
  }
}

Backfill::State state_of(const Seen& seen, std::size_t partitions) {
  using State = Backfill::State;
  // Where nothing is left to do in any part that there is, an old one is on its way out of the
  // list.
  const bool through = seen.through == seen.parts && (seen.parts == partitions || seen.open == 0);
  if (seen.dropped > 0) return through ? State::kDropped : State::kDropping;
  if (seen.closed > 0) return through ? State::kFinished : State::kApplying;
  return State::kOpen;
}

void finish(Seen& seen, std::size_t partitions) {
  Backfill& all = seen.all;
  all.state = state_of(seen, partitions);
  all.whole = seen.parts == partitions &&
              (seen.open == partitions || seen.closed == partitions || seen.dropped == partitions);
  BackfillSpan& span = all.span;
  span.id = all.terms.id;
  if (all.terms.sorted && all.held()) {  // whatever comes comes
    span.first = kNoTime;
    span.last = kAllTime;
  }
  span.fixed = all.whole && all.held() && (all.terms.sorted || seen.closed == partitions);
  span.passed = span.fixed && seen.parts == partitions ? seen.passed : kNoTime;
  span.apply = span.fixed && seen.told == partitions;
}

}  // namespace

const char* name_of(Backfill::State state) {
  switch (state) {
    case Backfill::State::kOpen:
      return "open";
    case Backfill::State::kApplying:
      return "applying";
    case Backfill::State::kFinished:
      return "finished";
    case Backfill::State::kDropping:
      return "dropping";
    case Backfill::State::kDropped:
      return "dropped";
  }
  return "open";
}

std::vector<Backfill> gather_backfills(const std::vector<PartitionBackfills>& partitions) {
  std::map<std::uint64_t, Seen> by_id;
  for (const PartitionBackfills& partition : partitions) {
    if (!partition.parts) continue;
    for (const BackfillPart& part : *partition.parts) {
      const auto [at, fresh] = by_id.try_emplace(part.terms.id);
      if (fresh) at->second.all.span = {part.terms.id, kAllTime, kNoTime, kNoTime, false, false};
      add(at->second, part);
    }
  }
  for (const PartitionBackfills& partition : partitions) {
    for (const std::uint64_t id : partition.told) {
      if (const auto at = by_id.find(id); at != by_id.end()) ++at->second.told;
    }
  }
  std::vector<Backfill> out;
  for (auto& [id, seen] : by_id) {
    finish(seen, partitions.size());
    out.push_back(std::move(seen.all));
  }
  return out;
}

std::vector<BackfillSpan> spans_of(const std::vector<Backfill>& backfills) {
  std::vector<BackfillSpan> out;
  for (const Backfill& each : backfills) {
    if (each.held()) out.push_back(each.span);
  }
  return out;
}

std::vector<BackfillOrder> unfinished_orders(const std::vector<Backfill>& backfills) {
  std::vector<BackfillOrder> out;
  for (const Backfill& each : backfills) {
    if (each.whole) continue;
    if (each.state == Backfill::State::kOpen) out.push_back({each.terms, BackfillState::kOpen});
    if (each.state == Backfill::State::kApplying) {
      out.push_back({each.terms, BackfillState::kClosed, each.ended_by, each.end_reason});
    }
    if (each.state == Backfill::State::kDropping) {
      out.push_back({each.terms, BackfillState::kDropped, each.ended_by, each.end_reason});
    }
  }
  return out;
}

}  // namespace laurel::runtime
