#include <algorithm>
#include <utility>

#include "dead_letters.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/staged.pb.h"
#include "partition_impl.h"
#include "wire.h"

namespace laurel::runtime {

using namespace internal;

namespace {

constexpr std::size_t kReadRows = 256;  // at once, of what was staged
constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::size_t kDropRows = 1000;  // in one commit
constexpr std::size_t kRefusalDetailMax = 200;

bool same_event(std::string_view a, std::string_view b) {
  contract::Event first, again;
  return first.ParseFromArray(a.data(), static_cast<int>(a.size())) &&
         again.ParseFromArray(b.data(), static_cast<int>(b.size())) && same_content(first, again);
}

bool listed(const std::vector<BackfillSpan>& spans, std::uint64_t id) {
  return std::any_of(spans.begin(), spans.end(),
                     [id](const BackfillSpan& span) { return span.id == id && span.apply; });
}

void count_in(BackfillCounts& counts, EventStatus status) {
  switch (status) {
    case EventStatus::kAccepted:
      ++counts.accepted;
      break;
    case EventStatus::kDuplicate:
      ++counts.duplicates;
      break;
    case EventStatus::kConflict:
      ++counts.conflicts;
      break;
    case EventStatus::kRejected:
      ++counts.rejected;
      break;
    case EventStatus::kStaged:
      ++counts.staged;
      break;
    case EventStatus::kPending:
      break;
  }
}

}  // namespace

PartitionBackfills PartitionImpl::backfills() const {
  PartitionBackfills out{backfills_.durable(), {}};
  for (const BackfillSpan& span : time_.backfills) {
    if (span.fixed) out.told.push_back(span.id);
  }
  return out;
}

void PartitionImpl::order(BackfillOrder order, std::function<void(bool)> done) {
  orders_.emplace_back(QueuedOrder{std::move(order), std::move(done)});
}

// The row is written again when nothing changes: the answer has to come after the commit of the
// order that did change it.
void PartitionImpl::handle_order(Work work) {
  if (const auto* action = std::get_if<AdminAction>(&work.order().order)) {
    return handle_action(std::move(work), *action);
  }
  const auto& order = std::get<BackfillOrder>(work.order().order);
  const std::uint64_t backfill = order.terms.id;
  if (backfills_.find(backfill) == nullptr) {
    backfills_.add(order.terms);
    backfills_.prune(time_.backfills, layers_.open);
  }
  BackfillPart& part = backfills_.change(backfill);
  if (part.state == BackfillState::kOpen && order.state != BackfillState::kOpen) {
    const bool drop = order.state == BackfillState::kDropped;
    const AdminAction action{drop ? "backfill.drop" : "backfill.close",
                             "backfill/" + std::to_string(backfill),
                             order.by,
                             order.reason,
                             "open, of " + part.terms.source,
                             drop ? "dropped" : "closed",
                             {}};
    if (id == kAuditPartition && !audit(action)) return orders_.push_front(std::move(work));
    part.state = order.state;
    // Where a crash comes between the partitions, the order is given again from here.
    part.ended_by = order.by;
    part.end_reason = order.reason;
  }
  const bool nothing_to_do = part.terms.sorted || part.counts.staged == 0;
  if (part.state != BackfillState::kOpen && nothing_to_do) part.through = true;
  layers_.open.handled.push_back({std::move(work)});
}

QueuedBatch::Way PartitionImpl::way_of(std::uint64_t backfill) const {
  if (backfill == 0) return QueuedBatch::Way::kLive;
  const BackfillPart* part = backfills_.find(backfill);
  return part != nullptr && part->terms.sorted ? QueuedBatch::Way::kSorted
                                               : QueuedBatch::Way::kStage;
}

// All bounds are known to all: what its events set in motion waits where it has to.
bool PartitionImpl::may_apply(std::uint64_t backfill) const {
  const BackfillPart* part = backfills_.find(backfill);
  return part != nullptr && !hold_backfills_ && listed(time_.backfills, backfill) &&
         turns_.catalog().newest().number() >= part->terms.catalog_known;
}

// A sorted backfill that is no longer open gives its events back, so that its turn always comes.
bool PartitionImpl::sorted_may_run() const {
  if (sorted_.empty()) return false;
  const std::uint64_t backfill = sorted_.front().batch().backfill;
  const BackfillPart* part = backfills_.find(backfill);
  return part == nullptr || part->state != BackfillState::kOpen || may_apply(backfill);
}

// Whether the event may be handled as one of that backfill. When not, it is left pending: its
// sender learns that the backfill is closed and can give it to another one.
bool PartitionImpl::takes_more(const Work& work) const {
  const BackfillPart* part = backfills_.find(work.batch().backfill);
  return part != nullptr && part->state == BackfillState::kOpen;
}

void PartitionImpl::stage(Work work, const Keys& keys) {
  const Event& event = work.event();
  std::string key = staged_key(work.batch().backfill, event.envelope->time_us(),
                               bytes_of(keys.digest).substr(0, 16));
  const auto before = layers_.read(Space::kStaged, key);
  if (failed()) return queue_of(work).push_front(std::move(work));
  if (before) {
    StagedEvent staged;
    if (!staged.ParseFromString(*before)) {
      unreadable_row();
      return queue_of(work).push_front(std::move(work));
    }
    if (same_event(staged.event(), event.canonical)) {
      return settle(std::move(work), {EventStatus::kDuplicate, {}, {}});
    }
    return conflict(std::move(work), "this natural key is staged already with another payload");
  }
  StagedEvent row;
  row.set_format(1);
  row.mutable_event()->assign(event.canonical);
  row.mutable_natural_key()->assign(event.natural_key);
  row.mutable_routing_key()->assign(event.routing_key);
  row.set_place(place_of(work));
  const RawRecord& raw = work.batch().batch.submission->records[event.index];
  row.set_raw(std::string(raw.bytes.substr(0, contract::kDeadLetterRawMax)));
  row.set_protobuf(raw.encoding == Encoding::kProtobuf);
  layers_.open.put_kept(Space::kStaged, key, keep_message(layers_.open.bytes, row));
  BackfillPart& part = backfills_.change(work.batch().backfill);
  part.first = std::min(part.first, event.envelope->time_us());
  part.last = std::max(part.last, event.envelope->time_us());
  settle(std::move(work), {EventStatus::kStaged, {}, {}});
}

// What an event of a backfill leaves in its books. A row that is applied goes with its commit.
void PartitionImpl::book(const Work& work, const EventResult& result) {
  const QueuedBatch& batch = work.batch();
  if (backfills_.find(batch.backfill) == nullptr || result.status == EventStatus::kPending) return;
  BackfillPart& part = backfills_.change(batch.backfill);
  count_in(part.counts, result.status);
  if (batch.way == QueuedBatch::Way::kSorted && work.event().reject_code.empty()) {
    part.applied_to = std::max(part.applied_to, work.event().envelope->time_us());
  }
  if (batch.way != QueuedBatch::Way::kApply) return;
  const std::string& row = batch.rows[work.at()];
  layers_.open.put(Space::kStaged, row, std::nullopt);
  ++part.counts.applied;
  part.applied_to = std::max(part.applied_to, time_of_staged_key(row));
  const bool refused =
      result.status == EventStatus::kRejected || result.status == EventStatus::kConflict;
  if (refused && part.refusals.size() < kBackfillRefusalsMax) {
    part.refusals.push_back(
        {place_of(work), result.reason, result.detail.substr(0, kRefusalDetailMax)});
  }
}

// What its events have set in motion is in this commit or one before, as far as it leaves here.
bool PartitionImpl::settled(const BackfillPart& part) const {
  if (part.passed == part.applied_to) return true;
  const auto to_itself = [this](const InboxRecord& record) { return record.target == id; };
  return inbox_.empty() && !inbox_unread_ && !layers_.open.outbox.has(id) &&
         !(in_flight() && std::ranges::any_of(layers_.in_flight->inbox, to_itself));
}

bool PartitionImpl::choose_backfill() {
  const auto ready = [this](const BackfillPart& part) {
    return part.state == BackfillState::kClosed && !part.through && may_apply(part.terms.id);
  };
  const BackfillPart* part = backfills_.find(applying_id_);
  if (part != nullptr && ready(*part)) return true;
  for (const auto& [next, candidate] : backfills_.all()) {
    if (!ready(candidate)) continue;
    applying_id_ = next;
    applying_from_ = candidate.applied_to == kNoTime ? staged_prefix(next)
                                                     : staged_key(next, candidate.applied_to, {});
    return true;
  }
  return false;
}

// The next rows of the backfill whose turn it is. False: there is nothing to apply.
bool PartitionImpl::read_staged() {
  if (!applying_.empty()) return true;
  while (!failed() && choose_backfill()) {
    auto queued = std::make_shared<QueuedBatch>();
    queued->way = QueuedBatch::Way::kApply;
    queued->backfill = applying_id_;
    queued->batch.submission = std::make_shared<Submission>();
    std::size_t bytes = 0;
    bool readable = true;
    layers_.scan(Space::kStaged, staged_prefix(applying_id_), applying_from_,
                 [&](std::string_view key, std::string_view row) {
                   readable = unstage(key, row, *queued);
                   bytes += key.size() + row.size();
                   return readable && queued->rows.size() < kReadRows && bytes < kReadBytes;
                 });
    if (!readable) unreadable_row();
    if (failed()) return false;
    queued->left = queued->rows.size();
    if (queued->left == 0) {  // all of it is in commits: this one, or one before
      if (!settled(*backfills_.find(applying_id_))) return false;
      backfills_.change(applying_id_).through = true;
      continue;
    }
    applying_from_ = queued->rows.back() + '\0';
    queued->batch.submission->results.resize(queued->left);
    queued->batch.submission->pending = 1;
    for (std::uint32_t at = 0; at < queued->left; ++at) {
      applying_.emplace_back(queued, at);
    }
    return true;
  }
  return false;
}

bool PartitionImpl::unstage(std::string_view key, std::string_view row, QueuedBatch& into) const {
  Submission& submission = *into.batch.submission;
  auto* staged = google::protobuf::Arena::CreateMessage<StagedEvent>(&submission.arena);
  auto* canonical = google::protobuf::Arena::CreateMessage<contract::Event>(&submission.arena);
  if (!staged->ParseFromArray(row.data(), static_cast<int>(row.size())) || staged->format() != 1 ||
      !canonical->ParseFromString(staged->event())) {
    return false;
  }
  Event event;
  event.index = static_cast<std::uint32_t>(submission.records.size());
  event.envelope = &canonical->envelope();
  event.natural_key = staged->natural_key();
  event.routing_key = staged->routing_key();
  event.canonical = staged->event();
  event.catalog_bound.known = backfills_.find(into.backfill)->terms.catalog_known;
  const EventType* type = ports_.registry.event_type(canonical->envelope().type());
  if (type == nullptr) {
    event.reject_code = "no-taker";
    event.reject_detail = "no actor type of this build takes " + canonical->envelope().type();
  } else {
    auto* data = type->message->New(&submission.arena);
    if (!data->ParseFromString(canonical->data())) return false;
    event.data = data;
  }
  submission.records.push_back({staged->raw(), 0, staged->raw().size(), false, staged->place()});
  if (staged->protobuf()) submission.records.back().encoding = Encoding::kProtobuf;
  into.batch.events.push_back(std::move(event));
  into.rows.emplace_back(key);
  return true;
}

void PartitionImpl::unreadable_row() {
  layers_.fail({ErrorCode::kStoreFailed,
                "a staged event of partition " + std::to_string(id) + " cannot be read"});
}

// One step of a drop in each commit.
bool PartitionImpl::drop_some() {
  if (dropped_some_) return false;
  for (const auto& [backfill, part] : backfills_.all()) {
    if (part.state != BackfillState::kDropped || part.through) continue;
    std::vector<std::string> keys;
    const std::string prefix = staged_prefix(backfill);
    layers_.scan(Space::kStaged, prefix, prefix, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return keys.size() < kDropRows;
    });
    if (failed()) return false;
    for (const std::string& key : keys) layers_.open.put(Space::kStaged, key, std::nullopt);
    BackfillPart& changed = backfills_.change(backfill);
    changed.through = keys.size() < kDropRows;
    dropped_some_ = true;
    return true;
  }
  return false;
}

}  // namespace laurel::runtime
