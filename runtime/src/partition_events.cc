#include <algorithm>
#include <utility>

#include "dead_letters.h"
#include "laurel/runtime/journal.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/prefetch.h"
#include "partition_impl.h"
#include "wire.h"

namespace laurel::runtime {

using namespace internal;

// What says that it is the same: type, time and payload; not how it was sent.
bool internal::same_content(const contract::Event& a, const contract::Event& b) {
  return a.envelope().type() == b.envelope().type() &&
         a.envelope().time_us() == b.envelope().time_us() && a.data() == b.data();
}

namespace {

Origin origin_of(const Event& event, const Digest& digest, TimeUs watermark) {
  const contract::Envelope& envelope = *event.envelope;
  Origin origin;
  origin.cause = {envelope.id(), envelope.type(), envelope.subject(), envelope.source(), 0};
  origin.now = envelope.time_us();
  origin.watermark = watermark;
  origin.catalog_bound = event.catalog_bound;
  // The first half of the digest names the row in the store; only the second half seeds.
  const std::string_view bytes = bytes_of(digest);
  origin.seed = {from_big_endian(bytes.substr(16, 8)), from_big_endian(bytes.substr(24, 8))};
  return origin;
}

// An event was decoded by another thread and a while ago: its memory is asked for before its turn
// comes, the objects first, then the texts that they point to. As many lines as one of a few
// hundred bytes has.
constexpr std::size_t kObjectsAhead = 4, kTextsAhead = 2;

void prefetch_objects(const Work& work) {
  const Event& event = work.event();
  const Submission& submission = *work.batch().batch.submission;
  if (!submission.input.empty()) prefetch_lines(&submission.records[event.index], 2);
  prefetch_lines(event.envelope, 4);
  prefetch_lines(event.data, 3);
  prefetch_lines(event.canonical.data(), 5);
}

void prefetch_texts(const Work& work) {
  const Event& event = work.event();
  if (event.envelope == nullptr) return;
  const Submission& submission = *work.batch().batch.submission;
  if (!submission.input.empty()) {
    prefetch_lines(submission.records[event.index].position.data(), 1);
  }
  for (const std::string* text : {&event.envelope->id(), &event.envelope->type(),
                                  &event.envelope->source(), &event.envelope->subject()}) {
    prefetch_lines(text->data(), 1);
  }
}

}  // namespace

void PartitionImpl::run_events(std::deque<Work>& queue, std::size_t count_max) {
  const std::size_t count = std::min(queue.size(), count_max);
  std::vector<Keys> keys(count);
  prefetch(queue, keys);
  for (std::size_t i = 0; i < count && !failed() && !full(); ++i) {
    if (i + kObjectsAhead < count) prefetch_objects(queue[kObjectsAhead]);
    if (i + kTextsAhead < count) prefetch_texts(queue[kTextsAhead]);
    Work work = std::move(queue.front());
    queue.pop_front();
    if (&queue != &events_) ++share_used_;
    if (&queue == &applying_) ++applied_;
    handle_event(std::move(work), keys[i]);
  }
  layers_.forget();
  prefetched_.clear();
}

void PartitionImpl::prefetch(const std::deque<Work>& queue, std::vector<Keys>& keys) {
  std::vector<std::string_view> journal, unknown, staged;
  roots_.clear();
  const Activations& active = turns_.activations();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Event& event = queue[i].event();
    if (event.position_only || !event.reject_code.empty()) continue;
    keys[i].digest = ports_.hasher.sha256({ports_.engine.secret(), event.natural_key});
    const std::string_view name = bytes_of(keys[i].digest).substr(0, 16);
    if (queue[i].way() == QueuedBatch::Way::kStage) {
      const std::string row =
          staged_key(queue[i].batch().backfill, event.envelope->time_us(), name);
      if (layers_.unstored(Space::kStaged, row) == nullptr) staged.push_back(prefetched_.keep(row));
      continue;
    }
    keys[i].journal = prefetched_.keep(journal_key(event.routing_key, name));
    // Also when a commit that is not in the store has the row: that one is looked at first.
    journal.push_back(keys[i].journal.text);
    keys[i].roots = roots_.size();
    for (const auto& target : ports_.registry.takers(event.data->GetDescriptor())) {
      if (turns_.asleep(*target.type)) continue;
      const HashedName root = turns_.root_of(*target.type, event.routing_key);
      roots_.emplace_back(prefetched_.keep(root.text), root.hash);
      active.prefetch_slot(root.hash);
    }
  }
  for (const HashedName& each : roots_) active.prefetch_activation(each.hash);
  for (const HashedName& each : roots_) active.prefetch_texts(each.hash);
  for (const HashedName& each : roots_) {
    if (active.find(each) == nullptr) unknown.push_back(each.text);
  }
  layers_.prefetch(Space::kJournal, std::move(journal));
  layers_.prefetch(Space::kState, std::move(unknown));
  layers_.prefetch(Space::kStaged, std::move(staged));
}

PartitionImpl::Known PartitionImpl::known(const Event& event, const Keys& keys) {
  const auto stored = layers_.read(Space::kJournal, keys.journal);
  if (!stored) return Known::kNew;
  JournalRow row;
  contract::Event first, again;
  if (!row.ParseFromString(*stored) || !first.ParseFromString(row.event()) ||
      !parse(event.canonical, again)) {
    layers_.fail({ErrorCode::kStoreFailed,
                  "a journal row of partition " + std::to_string(id) + " cannot be read"});
    return Known::kNew;
  }
  return same_content(first, again) ? Known::kDuplicate : Known::kConflict;
}

bool PartitionImpl::out_of_order(const Work& work) const {
  return work.way() == QueuedBatch::Way::kSorted &&
         work.event().envelope->time_us() < backfills_.find(work.batch().backfill)->applied_to;
}

void PartitionImpl::handle_event(Work work, const Keys& keys) {
  const Event& event = work.event();
  const auto way = work.way();
  note_time(work);
  if (event.position_only) return pass(work);
  if (handled_before(work)) return settle(std::move(work), {EventStatus::kDuplicate, {}, {}});
  if ((way == QueuedBatch::Way::kStage || way == QueuedBatch::Way::kSorted) && !takes_more(work)) {
    return settle(std::move(work), {});
  }
  if (work.poison()) {
    return rejected(std::move(work), "commit-refused",
                    "the log refused the commit that held only this event");
  }
  if (!event.reject_code.empty()) {
    return rejected(std::move(work), event.reject_code, event.reject_detail);
  }
  if (way == QueuedBatch::Way::kStage) return stage(std::move(work), keys);
  const Known known_as = known(event, keys);
  if (failed()) return queue_of(work).push_front(std::move(work));
  switch (known_as) {
    case Known::kDuplicate:
      return settle(std::move(work), {EventStatus::kDuplicate, {}, {}});
    case Known::kConflict:
      return conflict(std::move(work), "this natural key was accepted before with another payload");
    case Known::kNew:
      break;
  }
  if (out_of_order(work)) {
    return rejected(
        std::move(work), "out-of-order",
        "it is older than an event before it, in a backfill that was said to be sorted");
  }
  accept(std::move(work), keys);
}

void PartitionImpl::accept(Work work, const Keys& keys) {
  const Event& event = work.event();
  const auto& takers = ports_.registry.takers(event.data->GetDescriptor());
  if (takers.empty()) {
    return rejected(std::move(work), "no-taker",
                    "no actor type of this build takes " + event.envelope->type());
  }
  // A backfill is in order: what is dated before this event has been handled, as far as it goes.
  const bool live = work.way() == QueuedBatch::Way::kLive;
  const Origin origin =
      origin_of(event, keys.digest, live ? watermark_.value() : event.envelope->time_us());
  turns_.begin_work();
  layers_.open.prefetch(Space::kJournal, keys.journal.hash);
  journal_row_.Clear();
  JournalRow& row = journal_row_;
  std::size_t took = 0;
  std::vector<std::pair<const ActorType*, Turns::End>> refused;
  std::size_t next_root = keys.roots;
  for (const auto& [type, handler] : takers) {
    if (turns_.asleep(*type)) continue;
    const HashedName root = roots_[next_root++];
    Turns::End end =
        turns_.run({*type, *handler, event.routing_key, root, *event.data, origin, true});
    if (failed()) return queue_of(work).push_front(std::move(work));
    if (end.declined) continue;
    Decision decision;
    decision.set_actor_type(type->name);
    if (end.code.empty()) {
      ++took;
      decision.set_note(std::move(end.note));
      turns_.deliver(std::move(end.outgoing), origin, 0,
                     [&](const Turns::Undelivered& message) { undelivered(message, origin); });
    } else {
      decision.set_rejected(end.code);
      refused.emplace_back(type, std::move(end));
    }
    if (!decision.note().empty() || !decision.rejected().empty()) {
      row.add_decisions()->Swap(&decision);
    }
  }
  if (failed()) return queue_of(work).push_front(std::move(work));
  if (took == 0 && refused.empty()) {
    return rejected(std::move(work), "no-taker",
                    "no actor type has a use for " + event.envelope->type());
  }
  if (took == 0) {
    Turns::End& first = refused.front().second;
    return rejected(std::move(work), std::move(first.code), std::move(first.detail));
  }
  for (const auto& [type, end] : refused) {
    dead_letter(event_letter(work, {end.code, end.detail, type->name}));
  }
  row.set_format(1);
  row.set_commit(last_commit + (in_flight() ? 2 : 1));
  row.set_catalog_version(
      turns_.catalog().at(event.envelope->time_us(), event.catalog_bound).number());
  OpenCommit& open = layers_.open;
  open.put_kept(Space::kJournal, keys.journal,
                keep_message_and(open.bytes, row, JournalRow::kEventFieldNumber, event.canonical));
  settle(std::move(work), {EventStatus::kAccepted, {}, {}});
}

void PartitionImpl::conflict(Work work, const std::string& detail) {
  dead_letter(event_letter(work, {"conflict", detail, {}}));
  settle(std::move(work), {EventStatus::kConflict, "conflict", detail});
}

void PartitionImpl::rejected(Work work, std::string code, std::string detail) {
  dead_letter(event_letter(work, {code, detail, {}}));
  settle(std::move(work), {EventStatus::kRejected, std::move(code), std::move(detail)});
}

// ---- Positions of inputs: the commit that holds an event holds where its input is after it
// --------

std::string_view PartitionImpl::position_of(const Work& work) {
  const Submission& submission = *work.batch().batch.submission;
  if (submission.input.empty() || work.way() == QueuedBatch::Way::kApply) return {};
  return submission.records[work.event().index].position;
}

// Most events are of the input of the one before.
PartitionImpl::InputAtHand& PartitionImpl::input_of(const Work& work) {
  const std::string& input = work.batch().batch.submission->input;
  if (input_.name != input) {
    const auto durable = positions_.find(input);
    input_ = {input, durable == positions_.end() ? nullptr : &durable->second, nullptr};
  }
  return input_;
}

bool PartitionImpl::handled_before(const Work& work) {
  const std::string_view position = position_of(work);
  if (position.empty()) return false;
  const std::string* const durable = input_of(work).durable;
  return durable != nullptr && position <= *durable;
}

void PartitionImpl::note_position(const Work& work) {
  const std::string_view position = position_of(work);
  if (position.empty() || handled_before(work)) return;
  InputAtHand& input = input_of(work);
  if (input.open == nullptr) input.open = &layers_.open.positions[input.name];
  input.open->assign(position);
  if (positions_since_us_ == 0) positions_since_us_ = now_us_;
}

// All that is handed in counts, also what is known already: after a start inputs are read again.
void PartitionImpl::note_time(const Work& work) {
  if (work.way() != QueuedBatch::Way::kLive) return;
  const Event& event = work.event();
  const EventBatch& batch = work.batch().batch;
  const Submission& submission = *batch.submission;
  watermark_.handled(submission.input,
                     counted_time(event, submission.records[event.index], options_.skew_us));
  // The last one of each input's batch is of its last record: others have handled the rest.
  const bool all_passed = event.index + 1 == submission.records.size();
  if (!submission.input.empty() && all_passed) {
    watermark_.handled(submission.input, batch.passed_us);
  }
}

// It goes with the next commit, whenever that comes, or with one of its own after a while.
void PartitionImpl::pass(const Work& work) {
  note_position(work);
  if (--work.batch().left == 0) work.batch().batch.submission->finish_one();
}

void PartitionImpl::settle(Work work, EventResult result) {
  note_position(work);
  if (work.batch().backfill != 0) book(work, result);
  if (work.way() != QueuedBatch::Way::kApply) ++layers_.open.events;
  const EventStatus status = result.status;
  std::unique_ptr<EventResult> refusal;
  if (!result.reason.empty()) refusal = std::make_unique<EventResult>(std::move(result));
  layers_.open.handled.push_back({std::move(work), status, std::move(refusal)});
}

}  // namespace laurel::runtime
