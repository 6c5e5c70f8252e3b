#include "backfills.h"

#include <algorithm>

#include "laurel/runtime/keys.h"
#include "laurel/runtime/staged.pb.h"

namespace laurel::runtime::internal {
namespace {

StoredBackfill stored_of(const BackfillPart& part) {
  StoredBackfill out;
  out.set_format(1);
  out.set_source(part.terms.source);
  out.set_catalog_known(part.terms.catalog_known);
  out.set_opened_us(part.terms.opened_us);
  out.set_sorted(part.terms.sorted);
  out.set_state(static_cast<std::uint32_t>(part.state));
  out.set_staged(part.counts.staged);
  out.set_applied(part.counts.applied);
  out.set_accepted(part.counts.accepted);
  out.set_duplicates(part.counts.duplicates);
  out.set_conflicts(part.counts.conflicts);
  out.set_rejected(part.counts.rejected);
  if (part.first <= part.last) {
    out.set_first_us(part.first);
    out.set_last_us(part.last);
  }
  if (part.applied_to != kNoTime) out.set_applied_to_us(part.applied_to);
  out.set_through(part.through);
  out.set_ended_by(part.ended_by);
  out.set_end_reason(part.end_reason);
  for (const BackfillRefusal& each : part.refusals) {
    StoredRefusal& refusal = *out.add_refusals();
    refusal.set_place(each.place);
    refusal.set_reason(each.reason);
    refusal.set_detail(each.detail);
  }
  return out;
}

BackfillPart part_of(std::uint64_t id, const StoredBackfill& stored) {
  BackfillPart out;
  out.terms = {id, stored.source(), stored.catalog_known(), stored.opened_us(), stored.sorted()};
  out.state = static_cast<BackfillState>(stored.state());
  out.counts = {stored.staged(),     stored.applied(),   stored.accepted(),
                stored.duplicates(), stored.conflicts(), stored.rejected()};
  if (stored.has_first_us()) out.first = stored.first_us();
  if (stored.has_last_us()) out.last = stored.last_us();
  if (stored.has_applied_to_us()) out.applied_to = stored.applied_to_us();
  out.through = stored.through();
  out.ended_by = stored.ended_by();
  out.end_reason = stored.end_reason();
  for (const StoredRefusal& each : stored.refusals()) {
    out.refusals.push_back({each.place(), each.reason(), each.detail()});
  }
  return out;
}

}  // namespace

void Backfills::load(Layers& layers) {
  now_.clear();
  const std::string prefix(1, kBackfillTag);
  layers.scan(Space::kStaged, prefix, prefix, [&](std::string_view key, std::string_view row) {
    StoredBackfill stored;
    if (key.size() != 9 || !stored.ParseFromArray(row.data(), static_cast<int>(row.size())) ||
        stored.format() != 1 || stored.state() < 1 || stored.state() > 3) {
      layers.fail({ErrorCode::kStoreFailed, "the row of a backfill cannot be read"});
      return false;
    }
    const std::uint64_t id = from_big_endian(key.substr(1));
    now_.emplace(id, part_of(id, stored));
    return true;
  });
  dirty_.insert(0);  // so that a snapshot is taken
  OpenCommit nothing;
  write(nothing);
  settle();
}

const BackfillPart* Backfills::find(std::uint64_t id) const {
  const auto at = now_.find(id);
  return at == now_.end() ? nullptr : &at->second;
}

BackfillPart& Backfills::change(std::uint64_t id) {
  const auto at = now_.find(id);
  LAUREL_ASSERT(at != now_.end());
  dirty_.insert(id);
  return at->second;
}

BackfillPart& Backfills::add(const BackfillTerms& terms) {
  dirty_.insert(terms.id);
  BackfillPart& part = now_[terms.id];
  part.terms = terms;
  return part;
}

void Backfills::prune(const std::vector<BackfillSpan>& listed, OpenCommit& open) {
  std::size_t through = 0;
  for (const auto& [id, part] : now_) through += part.through ? 1 : 0;
  for (auto at = now_.begin(); at != now_.end() && through > kBackfillsKeptMax;) {
    const bool open_elsewhere =
        std::any_of(listed.begin(), listed.end(),
                    [&](const BackfillSpan& span) { return span.id == at->first; });
    if (!at->second.through || open_elsewhere) {
      ++at;
      continue;
    }
    open.put(Space::kStaged, backfill_key(at->first), std::nullopt);
    dirty_.erase(at->first);
    at = now_.erase(at);
    --through;
  }
}

// An event may send within its partition, by the inbox when its commit is full, and what it sent
// may send again. Each time the inbox is drained, all that was sent before is one such hop further.
void Backfills::inbox_drained(bool quiet) {
  for (auto& [id, part] : now_) {
    if (part.through || part.applied_to == kNoTime) continue;
    const TimeUs before = part.passed;
    if (quiet) {
      part.settling.fill(part.applied_to);
      part.passed = part.applied_to;
    } else {
      part.passed = part.settling.back();
      std::shift_right(part.settling.begin(), part.settling.end(), 1);
      part.settling.front() = part.applied_to;
    }
    if (part.passed != before) dirty_.insert(id);
  }
}

void Backfills::write(OpenCommit& open) {
  if (dirty_.empty()) return;
  for (const std::uint64_t id : dirty_) {
    if (const BackfillPart* part = find(id)) {
      open.put(Space::kStaged, backfill_key(id), stored_of(*part).SerializeAsString());
    }
  }
  dirty_.clear();
  auto snapshot = std::make_shared<BackfillParts>();
  for (const auto& [id, part] : now_) snapshot->push_back(part);
  in_flight_ = std::move(snapshot);
}

void Backfills::settle() {
  if (in_flight_) durable_ = std::move(in_flight_);
  in_flight_.reset();
}

void Backfills::revert() {
  in_flight_.reset();
  dirty_.clear();
  now_.clear();
  for (const BackfillPart& part : *durable_) now_.emplace(part.terms.id, part);
}

}  // namespace laurel::runtime::internal
