#include <algorithm>
#include <utility>

#include "dead_letters.h"
#include "laurel/runtime/journal.pb.h"
#include "laurel/runtime/keys.h"
#include "partition_impl.h"

namespace laurel::runtime {

using namespace internal;

namespace {

// Events looked at per round of reads: large enough to share the store's work, small enough to fill
// an open commit without passing its limit by much.
constexpr std::size_t kRoundEvents = 512;

Origin origin_of(const Event& event, const Digest& digest, TimeUs watermark) {
  const contract::Envelope& envelope = *event.envelope;
  Origin origin;
  origin.cause = {envelope.id(), envelope.type(), envelope.subject(), envelope.source(), 0};
  origin.now = envelope.time_us();
  origin.watermark = watermark;
  origin.bound = event.catalog_bound;
  // The first half of the digest names the row in the store; only the second half seeds.
  const std::string_view bytes = bytes_of(digest);
  origin.seed = {from_big_endian(bytes.substr(16, 8)), from_big_endian(bytes.substr(24, 8))};
  return origin;
}

}  // namespace

void PartitionImpl::run_events() {
  const std::size_t count = turn_by_turn_ > 0 ? 1 : std::min(events_.size(), kRoundEvents);
  std::vector<Keys> keys(count);
  prefetch(count, keys);
  for (std::size_t i = 0; i < count && !failed() && !full(); ++i) {
    Work work = std::move(events_.front());
    events_.pop_front();
    handle_event(std::move(work), keys[i]);
  }
  layers_.forget();
}

void PartitionImpl::prefetch(std::size_t count, std::vector<Keys>& keys) {
  std::vector<std::string> journal, roots;
  for (std::size_t i = 0; i < count; ++i) {
    const Event& event = events_[i].event();
    if (!event.reject_code.empty()) continue;
    keys[i].digest = ports_.hasher.sha256({ports_.engine.secret(), event.natural_key});
    keys[i].journal = journal_key(event.routing_key, bytes_of(keys[i].digest).substr(0, 16));
    if (layers_.unstored(Space::kJournal, keys[i].journal) == nullptr) {
      journal.push_back(keys[i].journal);
    }
    for (const auto& target : ports_.registry.takers(event.data->GetDescriptor())) {
      std::string root = state_key(target.type->name, event.routing_key);
      if (!turns_.active(root) && layers_.unstored(Space::kState, root) == nullptr) {
        roots.push_back(std::move(root));
      }
    }
  }
  layers_.prefetch(Space::kJournal, std::move(journal));
  layers_.prefetch(Space::kState, std::move(roots));
}

PartitionImpl::Known PartitionImpl::known(const Event& event, const Keys& keys) {
  const auto stored = layers_.read(Space::kJournal, keys.journal);
  if (!stored) return Known::kNew;
  JournalRow row;
  contract::Event first, again;
  if (!row.ParseFromString(*stored) || !first.ParseFromString(row.event()) ||
      !again.ParseFromString(event.canonical)) {
    layers_.fail({ErrorCode::kStoreFailed,
                  "a journal row of partition " + std::to_string(id) + " cannot be read"});
    return Known::kNew;
  }
  // What says that it is the same: type, time and payload; not how it was sent.
  const bool same = first.envelope().type() == again.envelope().type() &&
                    first.envelope().time_us() == again.envelope().time_us() &&
                    first.data() == again.data();
  return same ? Known::kDuplicate : Known::kConflict;
}

void PartitionImpl::handle_event(Work work, const Keys& keys) {
  const Event& event = work.event();
  if (work.poison) {
    return rejected(std::move(work), "commit-refused",
                    "the log refused the commit that held only this event");
  }
  if (!event.reject_code.empty()) {
    return rejected(std::move(work), event.reject_code, event.reject_detail);
  }
  const Known known_as = known(event, keys);
  if (failed()) return events_.push_front(std::move(work));
  switch (known_as) {
    case Known::kDuplicate:
      layers_.open.handled.push_back({std::move(work), {EventStatus::kDuplicate, {}, {}}});
      return;
    case Known::kConflict: {
      const std::string detail = "this natural key was accepted before with another payload";
      dead_letter(event_letter(work, {"conflict", detail, {}}));
      layers_.open.handled.push_back(
          {std::move(work), {EventStatus::kConflict, "conflict", detail}});
      return;
    }
    case Known::kNew:
      break;
  }
  watermark_.handled(event.envelope->time_us());
  accept(std::move(work), keys);
}

void PartitionImpl::accept(Work work, const Keys& keys) {
  const Event& event = work.event();
  const auto& takers = ports_.registry.takers(event.data->GetDescriptor());
  if (takers.empty()) {
    return rejected(std::move(work), "no-taker",
                    "no actor type of this build takes " + event.envelope->type());
  }
  const Origin origin = origin_of(event, keys.digest, watermark_.value());
  turns_.begin_work();
  JournalRow row;
  std::size_t took = 0;
  std::vector<std::pair<const ActorType*, Turns::End>> refused;
  for (const auto& [type, handler] : takers) {
    Turns::End end = turns_.run({*type, *handler, event.routing_key, *event.data, origin, true});
    if (failed()) return events_.push_front(std::move(work));
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
  if (failed()) return events_.push_front(std::move(work));
  if (took == 0) {
    Turns::End& first = refused.front().second;
    return rejected(std::move(work), std::move(first.code), std::move(first.detail));
  }
  for (const auto& [type, end] : refused) {
    dead_letter(event_letter(work, {end.code, end.detail, type->name}));
  }
  row.set_format(1);
  row.set_event(event.canonical);
  row.set_commit(last_commit + (in_flight() ? 2 : 1));
  row.set_catalog_version(turns_.catalog().at(origin.now, origin.bound).number());
  layers_.open.put(Space::kJournal, keys.journal, row.SerializeAsString());
  layers_.open.handled.push_back({std::move(work), {EventStatus::kAccepted, {}, {}}});
}

void PartitionImpl::rejected(Work work, std::string code, std::string detail) {
  dead_letter(event_letter(work, {code, detail, {}}));
  layers_.open.handled.push_back(
      {std::move(work), {EventStatus::kRejected, std::move(code), std::move(detail)}});
}

}  // namespace laurel::runtime
