#include <charconv>
#include <utility>

#include "dead_letters.h"
#include "laurel/runtime/keys.h"
#include "outbox.h"
#include "partition_impl.h"
#include "wire.h"

namespace laurel::runtime {

using namespace internal;

namespace {

constexpr std::size_t kInboxReadBytes = 1024 * 1024;
constexpr std::size_t kTimersAtOnce = 500;

// A commit may end within a chunk: how many of its messages are handled is a position beside the
// input's own.
std::string partial_input(const std::string& input) { return input + "#"; }

std::uint32_t handled_of(const Positions& positions, const std::string& input) {
  const auto it = positions.find(partial_input(input));
  std::uint32_t count = 0;
  if (it != positions.end()) {
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), count);
  }
  return count;
}

}  // namespace

void PartitionImpl::set_time(ClusterTime time) {
  told_time_ = std::move(time);
  inbox_unread_ = true;
}

void PartitionImpl::wait_at(BarrierPtr barrier) {
  barriers_.push_back(std::move(barrier));
  inbox_unread_ = true;
}

void PartitionImpl::read_inbox() {
  auto entries = ports_.engine.read_inbox(id, inbox_read_, kInboxReadBytes);
  if (!entries && entries.error().code == ErrorCode::kUnavailable) {
    inbox_later_ = true;  // whoever has it is away; the inbox goes first, so its inputs wait, too
    return;
  }
  if (!entries) return layers_.fail(entries.error());
  for (InboxEntry& entry : *entries) {
    if (!queue_chunk(std::move(entry))) return unreadable_chunk();
  }
  if (!entries->empty()) return;
  inbox_unread_ = false;
  // All that was sent before they came is handled: the open commit, even an empty one, holds it.
  for (BarrierPtr& barrier : barriers_) {
    layers_.open.handled.push_back({Work(std::move(barrier))});
  }
  barriers_.clear();
  // All that was sent before the time was told has been handled: it holds from here.
  if (told_time_) {
    time_ = std::move(*told_time_);
    told_time_.reset();
    timers_unread_ = true;
  }
}

void PartitionImpl::unreadable_chunk() {
  layers_.fail({ErrorCode::kStoreFailed,
                "a record of the inbox of partition " + std::to_string(id) + " cannot be read"});
}

bool PartitionImpl::queue_chunk(InboxEntry entry) {
  auto queued = std::make_shared<QueuedChunk>();
  queued->input = entry.input;
  queued->partial = partial_input(entry.input);
  queued->position = entry.position;
  queued->chunk.bytes = std::move(entry.value);
  if (!queued->chunk.open()) return false;
  // Only the first chunk after the durable position can be half done.
  const auto durable = positions_.find(entry.input);
  const auto read = inbox_read_.find(entry.input);
  const bool first = (durable == positions_.end()) == (read == inbox_read_.end()) &&
                     (read == inbox_read_.end() || read->second == durable->second);
  const std::uint32_t from = first ? handled_of(positions_, entry.input) : 0;
  inbox_read_[entry.input] = entry.position;
  for (std::uint32_t at = from; at < queued->chunk.messages.size(); ++at) {
    inbox_.emplace_back(queued, at);
  }
  return true;
}

bool PartitionImpl::held_back(TimeUs at, TimeUs window_from) const {
  for (const BackfillSpan& span : time_.backfills) {
    if (span.last >= window_from && span.first <= at && span.passed <= at) return true;
  }
  return false;
}

void PartitionImpl::find_due_timers() {
  timers_unread_ = false;
  layers_.open.timers_changed = false;
  for (const TimerClock clock : {TimerClock::kEvent, TimerClock::kWall}) {
    const TimeUs bound = clock == TimerClock::kEvent ? time_.watermark : now_us_;
    if (bound < 0) continue;
    const std::string prefix(1, static_cast<char>(clock));
    layers_.scan(Space::kTimers, prefix, prefix, [&](std::string_view key, std::string_view row) {
      const auto parsed = parse_timer_key(key);
      if (!parsed || parsed->at_us > bound) return false;
      StoredTimer timer;
      const bool held = clock == TimerClock::kEvent && !time_.backfills.empty() &&
                        timer.ParseFromArray(row.data(), static_cast<int>(row.size())) &&
                        held_back(timer.at_us(), timer.window_from_us());
      // A timer of a type that this build does not know is kept, like its state.
      if (!held && ports_.registry.find(parsed->type) != nullptr) {
        timers_.emplace_back(DueTimer{std::string(key)});
      }
      return timers_.size() < kTimersAtOnce;
    });
  }
  if (timers_.size() >= kTimersAtOnce) timers_unread_ = true;
}

void PartitionImpl::deliver(const Delivery& delivery) {
  const Origin& origin = delivery.origin;
  const auto lost = [&](std::string_view code, std::string detail) {
    const std::string address = delivery.to_type + "/" + delivery.to_key;
    if (detail.empty()) detail = "message to " + address;
    dead_letter(message_letter(origin.cause, delivery.message_type, delivery.message,
                               {code, detail, address}));
  };
  const ActorType* type = ports_.registry.find(delivery.to_type);
  const HandlerSpec* handler =
      type ? ports_.registry.message_handler(*type, delivery.message_type) : nullptr;
  if (handler == nullptr) return lost("no-such-handler", {});
  if (delivery.poison) {
    return lost("commit-refused", "the log refused the commit that held only this message");
  }
  google::protobuf::Message& message = delivered_.get(*handler->message);
  if (!message.ParseFromString(delivery.message)) return lost("malformed-message", {});
  turns_.begin_work();
  Turns::End end = turns_.run({*type, *handler, delivery.to_key,
                               turns_.root_of(*type, delivery.to_key), message, origin, false});
  if (failed()) return;
  if (!end.code.empty()) return lost(end.code, std::move(end.detail));
  turns_.deliver(std::move(end.outgoing), origin, delivery.hops,
                 [&](const Turns::Undelivered& each) { undelivered(each, origin); });
}

void PartitionImpl::handle_message(Work work) {
  const ChunkView& chunk = work.chunk().chunk;
  InboxMessage& message = inbox_message_;
  if (!parse(chunk.messages[work.at()], message) || message.cause() >= chunk.causes.size() ||
      chunk.route_of(work.at(), message) >= chunk.routes.size() ||
      !parse(chunk.causes[message.cause()], inbox_cause_)) {
    unreadable_chunk();
    return inbox_.push_front(std::move(work));
  }
  const ChunkView::Route& route = chunk.routes[chunk.route_of(work.at(), message)];
  const Origin origin = internal::origin_of(inbox_cause_, route);
  deliver({route.to_type, route.to_key, route.message_type, message.message(), origin,
           message.hops(), work.poison()});
  if (failed()) return inbox_.push_front(std::move(work));
  finish_message(std::move(work));
}

void PartitionImpl::finish_message(Work work) {
  OpenCommit& open = layers_.open;
  const std::string& input = work.chunk().input;
  if (work.last_of_chunk()) {
    open.positions[input] = work.chunk().position;
    open.inbox_finished.emplace_back(input, work.chunk().position);
    if (work.at() > 0) open.positions[work.chunk().partial] = "0";
    open.partly = nullptr;
  } else {
    open.partly = &work.chunk();  // chunks are handled one after the other: only the last can be
    open.partly_handled = work.at() + 1;
  }
  open.handled.push_back({std::move(work)});
}

void PartitionImpl::handle_timer(Work work) {
  const std::string& row_key = work.timer().row_key;
  const auto stored = layers_.read(Space::kTimers, row_key);
  const auto key = parse_timer_key(row_key);
  if (failed()) return timers_.push_front(std::move(work));
  if (!stored || !key) return;  // cancelled or set to another time since it was found
  StoredTimer timer;
  if (!timer.ParseFromString(*stored) || timer.format() != 1) {
    return layers_.fail({ErrorCode::kStoreFailed,
                         "a timer of partition " + std::to_string(id) + " cannot be read"});
  }
  Origin origin = internal::origin_of(timer.cause());
  origin.now = timer.at_us();
  origin.watermark = time_.watermark;
  const std::string to_type(key->type), to_key(key->key), name(key->name);
  // First, so that its own turn can set the same name again.
  turns_.consume_timer(*ports_.registry.find(to_type), to_key, name, row_key);
  deliver({to_type, to_key, timer.message_type(), timer.message(), origin, 0, work.poison()});
  if (failed()) return timers_.push_front(std::move(work));
  layers_.open.handled.push_back({std::move(work)});
}

}  // namespace laurel::runtime
