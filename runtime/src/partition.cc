#include "laurel/runtime/partition.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <ranges>
#include <unordered_map>

#include "activation.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/journal.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"
#include "open_commit.h"
#include "turn_context.h"

namespace laurel::runtime {

using namespace internal;

namespace {

// Events looked at per round of reads: large enough to share the store's work, small enough to fill
// an open commit without passing its limit by much.
constexpr std::size_t kRoundEvents = 512;
// Reasons are words in code, so there are few; the bound is for an actor that makes them up.
constexpr std::size_t kReasonsMax = 100;

// Keeps the memory of an actor's root in step with the effects: back to what it was when the turn
// turns out to be bad.
class RootGuard {
 public:
  explicit RootGuard(Activation& activation)
      : root_(activation.actor->root()), before_(root_.New()) {
    before_->CopyFrom(root_);
  }
  void undo() { root_.CopyFrom(*before_); }

 private:
  google::protobuf::Message& root_;
  std::unique_ptr<google::protobuf::Message> before_;
};

}  // namespace

class PartitionImpl final : public LayeredReads {
 public:
  PartitionImpl(PartitionId partition, Partition::Ports ports,
                std::shared_ptr<const Catalog> catalog, PartitionOptions options)
      : id(partition), ports_(ports), catalog_(std::move(catalog)), options_(options) {}

  // --- what runs -------------------------------------------------------------------------------
  void take(EventBatch batch);
  void run(std::int64_t now_us);
  void tick(std::int64_t now_us);
  std::shared_ptr<const Commit> seal();
  Partition::Next on_outcome(CommitNumber number, Outcome outcome);
  void resolve(const Recovered& recovered);
  void abandon();
  void adopt(std::shared_ptr<const Catalog> catalog) { catalog_ = std::move(catalog); }

  bool full() const {
    if (turn_by_turn_ > 0) return !open_.handled.empty();
    return open_.turns >= options_.turns_max || open_.handled.size() >= options_.turns_max ||
           open_.bytes() >= options_.bytes_max;
  }

  // --- LayeredReads ----------------------------------------------------------------------------
  std::optional<std::string> read(Space space, std::string_view key) override;
  void scan(Space space, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& row) override;

  const PartitionId id;
  Epoch epoch = 0;
  CommitNumber last_commit = 0;
  std::deque<Item> queue;
  Activations activations;
  PartitionCounters counters;
  std::string failure;
  std::function<void(const Submission&, EventStatus)> on_durable;

  bool in_flight() const { return in_flight_ != nullptr; }
  const OpenCommit& open() const { return open_; }
  std::size_t unsettled() const {
    return queue.size() + open_.handled.size() + in_flight_handled_.size();
  }

 private:
  struct Keys {
    Digest digest{};
    std::string journal;
  };
  enum class Known { kNew, kDuplicate, kConflict };

  void round(std::size_t count);
  void prefetch(std::size_t count, std::vector<Keys>& keys);
  void handle(Item item, const Keys& keys);
  void accept(Item item, const Keys& keys);
  Known known(const Event& event, const Keys& keys);
  struct TurnInput {
    const ActorType& type;
    const HandlerSpec& handler;
    const std::string& key;
    const google::protobuf::Message& message;
    const Event& event;
    const Digest& digest;
  };
  struct TurnEnd {
    std::string code, detail;
    std::vector<OutgoingMessage> outgoing;
  };
  TurnEnd run_turn(const TurnInput& input);
  void run_messages(const Event& event, const Digest& digest, std::vector<OutgoingMessage> messages,
                    const Item& item);
  Activation* activate(const ActorType& type, const std::string& key);
  void dead_letter(const Item& item, std::string_view code, std::string_view detail,
                   std::string_view actor);
  void rejected(Item item, std::string code, std::string detail);
  void finish(const std::vector<Handled>& handled);
  void count(EventStatus status);
  void reload(bool content);
  void passivate();
  const std::optional<std::string>* layer(Space space, std::string_view key) const;
  void fail(const Error& error) {
    if (failure.empty()) failure = error.message;
  }

  Partition::Ports ports_;
  std::shared_ptr<const Catalog> catalog_;
  PartitionOptions options_;
  OpenCommit open_;
  std::vector<Activation*> dirty_;
  std::shared_ptr<const Commit> in_flight_;
  std::vector<Handled> in_flight_handled_;
  std::map<std::string, std::uint64_t> in_flight_letters_;
  std::int64_t now_us_ = 0;       // wall clock, as of the last run or tick
  std::uint32_t refusals_ = 0;    // in a row, of the same work
  std::size_t turn_by_turn_ = 0;  // events still to be committed one by one
  // What the store holds for the keys of this round; valid during run() only, as the store cannot
  // overtake the layers within it.
  std::unordered_map<std::string, std::optional<std::string>> fetched_[kSpaceCount];
};

void PartitionImpl::take(EventBatch batch) {
  auto queued = std::make_shared<QueuedBatch>();
  queued->batch = std::move(batch);
  queued->left = queued->batch.events.size();
  for (std::uint32_t at = 0; at < queued->left; ++at) queue.push_back({queued, at, false});
  if (queued->left == 0) queued->batch.submission->finish_one();
}

void PartitionImpl::run(std::int64_t now_us) {
  now_us_ = now_us;
  while (!queue.empty() && !full() && failure.empty()) {
    std::size_t count = std::min(queue.size(), kRoundEvents);
    if (turn_by_turn_ > 0) count = 1;
    round(count);
  }
}

void PartitionImpl::tick(std::int64_t now_us) {
  now_us_ = now_us;
  passivate();
}

void PartitionImpl::passivate() {
  counters.passivations += activations.passivate(options_.activation_bytes_max,
                                                 now_us_ - options_.idle_us_max, last_commit);
}

void PartitionImpl::round(std::size_t count) {
  std::vector<Keys> keys(count);
  prefetch(count, keys);
  for (std::size_t i = 0; i < count && failure.empty() && !full(); ++i) {
    Item item = std::move(queue.front());
    queue.pop_front();
    handle(std::move(item), keys[i]);
  }
  for (auto& space : fetched_) space.clear();
}

void PartitionImpl::prefetch(std::size_t count, std::vector<Keys>& keys) {
  std::vector<std::string> wanted[kSpaceCount];
  for (std::size_t i = 0; i < count; ++i) {
    const Event& event = queue[i].event();
    if (!event.reject_code.empty()) continue;
    keys[i].digest = ports_.hasher.sha256({ports_.engine.secret(), event.natural_key});
    keys[i].journal = journal_key(event.routing_key, bytes_of(keys[i].digest).substr(0, 16));
    if (layer(Space::kJournal, keys[i].journal) == nullptr) {
      wanted[static_cast<std::size_t>(Space::kJournal)].push_back(keys[i].journal);
    }
    for (const auto& target : ports_.registry.takers(event.data->GetDescriptor())) {
      std::string root = state_key(target.type->name, event.routing_key);
      if (activations.find(root) == nullptr && layer(Space::kState, root) == nullptr) {
        wanted[static_cast<std::size_t>(Space::kState)].push_back(std::move(root));
      }
    }
  }
  for (std::size_t space = 0; space < kSpaceCount; ++space) {
    auto& names = wanted[space];
    if (names.empty()) continue;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const std::vector<std::string_view> views(names.begin(), names.end());
    std::vector<std::optional<std::string>> values;
    if (const Status status = ports_.engine.multi_get(id, static_cast<Space>(space), views, values);
        !status) {
      return fail(status.error());
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      fetched_[space].emplace(std::move(names[i]), std::move(values[i]));
    }
  }
}

const std::optional<std::string>* PartitionImpl::layer(Space space, std::string_view key) const {
  if (const Row* row = open_.find(space, key)) return &row->value;
  if (in_flight_) {
    if (const Row* row = find_row(*in_flight_, space, key)) return &row->value;
  }
  return nullptr;
}

std::optional<std::string> PartitionImpl::read(Space space, std::string_view key) {
  if (const auto* value = layer(space, key)) return *value;
  const auto& fetched = fetched_[static_cast<std::size_t>(space)];
  if (const auto it = fetched.find(std::string(key)); it != fetched.end()) return it->second;
  auto stored = ports_.engine.get(id, space, key);
  if (!stored) {
    fail(stored.error());
    return std::nullopt;
  }
  return std::move(*stored);
}

void PartitionImpl::scan(Space space, std::string_view prefix, std::string_view from,
                         const std::function<bool(std::string_view, std::string_view)>& row) {
  std::map<std::string, const std::optional<std::string>*, std::less<>> upper;
  if (in_flight_) {
    for (const Row& candidate : in_flight_->rows) {
      if (candidate.space == space && candidate.key.starts_with(prefix) && candidate.key >= from) {
        upper[candidate.key] = &candidate.value;
      }
    }
  }
  open_.each(space, prefix, [&](const Row& candidate) {
    if (candidate.key >= from) upper[candidate.key] = &candidate.value;
  });
  auto next = upper.begin();
  bool go_on = true;
  const auto upper_until = [&](std::string_view limit, bool all) {
    for (; go_on && next != upper.end() && (all || next->first < limit); ++next) {
      if (*next->second) go_on = row(next->first, **next->second);
    }
  };
  auto view = ports_.engine.view(id);
  if (!view) return fail(view.error());
  const Status status = (*view)->scan(space, from, prefix_end(prefix),
                                      [&](std::string_view key, std::string_view value) {
                                        upper_until(key, false);
                                        if (!go_on) return false;
                                        if (next != upper.end() && next->first == key) return true;
                                        go_on = row(key, value);
                                        return go_on;
                                      });
  if (!status) return fail(status.error());
  upper_until({}, true);
}

PartitionImpl::Known PartitionImpl::known(const Event& event, const Keys& keys) {
  const auto stored = read(Space::kJournal, keys.journal);
  if (!stored) return Known::kNew;
  JournalRow row;
  contract::Event first, again;
  if (!row.ParseFromString(*stored) || !first.ParseFromString(row.event()) ||
      !again.ParseFromString(event.canonical)) {
    fail({ErrorCode::kStoreFailed,
          "a journal row of partition " + std::to_string(id) + " cannot be read"});
    return Known::kNew;
  }
  // What says that it is the same: type, time and payload; not how it was sent.
  const bool same = first.envelope().type() == again.envelope().type() &&
                    first.envelope().time_us() == again.envelope().time_us() &&
                    first.data() == again.data();
  return same ? Known::kDuplicate : Known::kConflict;
}

void PartitionImpl::handle(Item item, const Keys& keys) {
  const Event& event = item.event();
  if (item.poison) {
    return rejected(std::move(item), "commit-refused",
                    "the log refused the commit that held only this event");
  }
  if (!event.reject_code.empty()) {
    return rejected(std::move(item), event.reject_code, event.reject_detail);
  }
  switch (known(event, keys)) {
    case Known::kDuplicate:
      open_.handled.push_back({std::move(item), {EventStatus::kDuplicate, {}, {}}});
      return;
    case Known::kConflict: {
      const std::string detail = "this natural key was accepted before with another payload";
      dead_letter(item, "conflict", detail, {});
      open_.handled.push_back({std::move(item), {EventStatus::kConflict, "conflict", detail}});
      return;
    }
    case Known::kNew:
      break;
  }
  if (!failure.empty()) {
    queue.push_front(std::move(item));
    return;
  }
  accept(std::move(item), keys);
}

void PartitionImpl::accept(Item item, const Keys& keys) {
  const Event& event = item.event();
  const auto& takers = ports_.registry.takers(event.data->GetDescriptor());
  if (takers.empty()) {
    return rejected(std::move(item), "no-taker",
                    "no actor type of this build takes " + event.envelope->type());
  }
  JournalRow row;
  std::size_t took = 0;
  std::string first_code, first_detail;
  std::vector<std::pair<const ActorType*, TurnEnd>> refused;
  for (const auto& [type, handler] : takers) {
    TurnEnd end = run_turn({*type, *handler, event.routing_key, *event.data, event, keys.digest});
    if (!failure.empty()) return queue.push_front(std::move(item));
    Decision& decision = *row.add_decisions();
    decision.set_actor_type(type->name);
    if (end.code.empty()) {
      ++took;
      run_messages(event, keys.digest, std::move(end.outgoing), item);
    } else {
      decision.set_rejected(end.code);
      if (first_code.empty()) first_code = end.code, first_detail = end.detail;
      refused.emplace_back(type, std::move(end));
    }
  }
  if (took == 0) {
    return rejected(std::move(item), std::move(first_code), std::move(first_detail));
  }
  for (const auto& [type, end] : refused) dead_letter(item, end.code, end.detail, type->name);
  if (refused.empty()) row.clear_decisions();
  row.set_format(1);
  row.set_event(event.canonical);
  row.set_commit(last_commit + (in_flight_ ? 2 : 1));
  row.set_catalog_version(catalog_->at(event.envelope->time_us(), event.catalog_bound).number());
  open_.put(Space::kJournal, keys.journal, row.SerializeAsString());
  open_.handled.push_back({std::move(item), {EventStatus::kAccepted, {}, {}}});
}

PartitionImpl::TurnEnd PartitionImpl::run_turn(const TurnInput& input) {
  Activation* activation = activate(input.type, input.key);
  if (activation == nullptr) return {"unreadable-state", "the stored root cannot be read", {}};
  RootGuard guard(*activation);
  const CatalogVersion& version =
      catalog_->at(input.event.envelope->time_us(), input.event.catalog_bound);
  TurnContext::Scope scope{*activation,
                           {input.event.envelope->id(), input.event.envelope->type(),
                            input.event.envelope->subject(), version.number()},
                           input.event.envelope->time_us(),
                           {},
                           options_.effect_bytes_max};
  // The first half of the digest names the row in the store; only the second half seeds.
  std::memcpy(scope.seed, input.digest.data() + 16, 16);
  TurnContext turn(*this, ports_.hasher, version, scope);
  try {
    input.handler.invoke(*activation->actor, input.message, turn);
  } catch (const std::exception& error) {
    turn.reject("actor-threw", error.what());
  } catch (...) {
    turn.reject("actor-threw", "an exception that is no std::exception");
  }
  ++open_.turns;
  ++counters.turns;
  if (turn.rejected() || !failure.empty()) {
    guard.undo();
    return {turn.rejected() ? turn.reject_code() : "store-failed", turn.reject_detail(), {}};
  }
  turn.apply_to(open_);
  if (!activation->dirty) {
    activation->dirty = true;
    dirty_.push_back(activation);
  }
  return {{}, {}, std::move(turn.outgoing())};
}

void PartitionImpl::run_messages(const Event& event, const Digest& digest,
                                 std::vector<OutgoingMessage> messages, const Item& item) {
  std::deque<OutgoingMessage> waiting;
  const auto push = [&](std::vector<OutgoingMessage>& more) {
    for (OutgoingMessage& message : more) waiting.push_back(std::move(message));
  };
  push(messages);
  for (std::uint32_t hops = 0; !waiting.empty(); ++hops) {
    OutgoingMessage message = std::move(waiting.front());
    waiting.pop_front();
    const std::string address = message.to.type + "/" + message.to.key;
    const ActorType* type = ports_.registry.find(message.to.type);
    const HandlerSpec* handler =
        type ? ports_.registry.message_handler(*type, message.message->GetDescriptor()) : nullptr;
    TurnEnd end;
    if (hops >= options_.hops_max) {
      end.code = "too-many-hops";
    } else if (handler == nullptr) {
      end.code = "no-such-handler";
    } else if (partition_of(message.to.key, ports_.engine.partitions()) != id) {
      end.code = "other-partition";
    } else {
      end = run_turn({*type, *handler, message.to.key, *message.message, event, digest});
    }
    if (end.code.empty()) {
      push(end.outgoing);
    } else if (failure.empty()) {
      dead_letter(item, end.code, end.detail.empty() ? "message to " + address : end.detail,
                  address);
    }
  }
}

Activation* PartitionImpl::activate(const ActorType& type, const std::string& key) {
  std::string name = state_key(type.name, key);
  Activation* activation = activations.find(name);
  if (activation == nullptr) {
    Activation fresh;
    fresh.id = {type.name, key};
    fresh.type = &type;
    fresh.actor = type.make();
    for (const TableSpec& table : type.tables) {
      if (table.kind == TableKind::kLog) fresh.logs.push_back({table.name, 0, {}});
    }
    fresh.bytes = 700;
    if (const auto stored = read(Space::kState, name); stored && !fresh.load(*stored)) {
      return nullptr;
    }
    fresh.state_key = std::move(name);
    activation = &activations.add(std::move(fresh));
    ++counters.activations_made;
  }
  activations.touch(*activation, now_us_);
  return activation;
}

void PartitionImpl::rejected(Item item, std::string code, std::string detail) {
  dead_letter(item, code, detail, {});
  open_.handled.push_back(
      {std::move(item), {EventStatus::kRejected, std::move(code), std::move(detail)}});
}

void PartitionImpl::dead_letter(const Item& item, std::string_view code, std::string_view detail,
                                std::string_view actor) {
  const Submission& submission = *item.from->batch.submission;
  const Event& event = item.event();
  const RawRecord& raw = submission.records[event.index];
  contract::DeadLetter letter;
  letter.set_reason(code.data(), code.size());
  letter.set_detail(std::string(detail.substr(0, 1000)));
  letter.set_place(raw.line == 0 ? submission.source
                                 : submission.source + ":" + std::to_string(raw.line));
  letter.set_actor(actor.data(), actor.size());
  if (event.envelope != nullptr) {
    letter.set_event_type(event.envelope->type());
    letter.set_subject(event.envelope->subject());
  }
  letter.set_raw(std::string(raw.bytes.substr(0, contract::kDeadLetterRawMax)));
  letter.set_raw_bytes(raw.length);
  letter.set_recorded_time_us(now_us_);
  ++open_.dead_letters[open_.dead_letters.size() < kReasonsMax ? letter.reason() : "other"];
  open_.emit({kTopicDeadLetters, letter.subject(), "laurel.event.rejected.v1",
              letter.SerializeAsString(), now_us_});
}

std::shared_ptr<const Commit> PartitionImpl::seal() {
  LAUREL_ASSERT(!in_flight_ && !open_.empty());
  const CommitNumber number = last_commit + 1;
  for (Activation* activation : dirty_) {
    activations.resize(*activation, activation->write_to(open_));
    activation->written_in = number;
  }
  dirty_.clear();
  auto commit = std::make_shared<Commit>();
  commit->partition = id;
  commit->number = number;
  commit->epoch = epoch;
  commit->catalog_version = catalog_->newest().number();
  open_.move_to(*commit);
  in_flight_handled_ = std::move(open_.handled);
  in_flight_letters_ = std::move(open_.dead_letters);
  open_.clear();
  in_flight_ = commit;
  return commit;
}

Partition::Next PartitionImpl::on_outcome(CommitNumber number, Outcome outcome) {
  LAUREL_ASSERT(in_flight_ && in_flight_->number == number);
  switch (outcome) {
    case Outcome::kDurable: {
      last_commit = number;
      in_flight_.reset();
      ++counters.commits;
      refusals_ = 0;
      const std::vector<Handled> handled = std::move(in_flight_handled_);
      in_flight_handled_.clear();
      for (const auto& [reason, letters] : in_flight_letters_) {
        counters.dead_letters[reason] += letters;
      }
      turn_by_turn_ -= std::min(turn_by_turn_, handled.size());
      finish(handled);
      passivate();
      return Partition::Next::kContinue;
    }
    case Outcome::kAborted:
      reload(false);
      return Partition::Next::kContinue;
    case Outcome::kRejected:
      reload(true);
      return Partition::Next::kContinue;
    case Outcome::kUnknown:
      return Partition::Next::kTakeOver;
    case Outcome::kFenced:
    case Outcome::kStoreFailed:
      return Partition::Next::kStop;
  }
  return Partition::Next::kStop;
}

void PartitionImpl::reload(bool content) {
  ++counters.aborts;
  const std::size_t failed_events = in_flight_handled_.size();
  // Back into the queue in the old order: first the commit's, then what ran after it.
  for (auto* handled : {&open_.handled, &in_flight_handled_}) {
    for (Handled& each : std::views::reverse(*handled)) {
      queue.push_front(std::move(each.item));
    }
    handled->clear();
  }
  activations.drop_written_since(last_commit + 1);
  dirty_.clear();
  open_.clear();
  in_flight_.reset();
  if (!content) return;
  if (failed_events == 1) {
    queue.front().poison = true;
    if (turn_by_turn_ == 0) turn_by_turn_ = 1;
  } else if (++refusals_ >= 2) {
    turn_by_turn_ = failed_events;
  }
}

void PartitionImpl::resolve(const Recovered& recovered) {
  LAUREL_ASSERT(in_flight_);
  epoch = recovered.epoch;
  if (recovered.last_commit >= in_flight_->number) {
    (void)on_outcome(in_flight_->number, Outcome::kDurable);
  } else {
    reload(false);
  }
}

void PartitionImpl::count(EventStatus status) {
  switch (status) {
    case EventStatus::kAccepted:
      ++counters.accepted;
      break;
    case EventStatus::kDuplicate:
      ++counters.duplicates;
      break;
    case EventStatus::kConflict:
      ++counters.conflicts;
      break;
    case EventStatus::kRejected:
      ++counters.rejected;
      break;
    case EventStatus::kPending:
      break;
  }
}

void PartitionImpl::finish(const std::vector<Handled>& handled) {
  for (const Handled& done : handled) {
    QueuedBatch& batch = *done.item.from;
    Submission& submission = *batch.batch.submission;
    submission.results[done.item.event().index] = done.result;
    count(done.result.status);
    if (on_durable) on_durable(submission, done.result.status);
    if (--batch.left == 0) submission.finish_one();
  }
}

void PartitionImpl::abandon() {
  std::vector<Item> items;
  for (auto* handled : {&in_flight_handled_, &open_.handled}) {
    for (Handled& each : *handled) items.push_back(std::move(each.item));
    handled->clear();
  }
  for (Item& item : queue) items.push_back(std::move(item));
  queue.clear();
  open_.clear();
  dirty_.clear();
  in_flight_.reset();
  for (const Item& item : items) {
    if (--item.from->left == 0) item.from->batch.submission->finish_one();
  }
}

// --- Partition ---------------------------------------------------------------------------------

Partition::Partition(PartitionId id, Ports ports, std::shared_ptr<const Catalog> catalog,
                     PartitionOptions options)
    : impl_(std::make_unique<PartitionImpl>(id, ports, std::move(catalog), options)) {}
Partition::~Partition() = default;

void Partition::start(const Recovered& recovered) {
  impl_->epoch = recovered.epoch;
  impl_->last_commit = recovered.last_commit;
}
void Partition::take(EventBatch batch) { impl_->take(std::move(batch)); }
void Partition::run(std::int64_t now_us) { impl_->run(now_us); }
void Partition::tick(std::int64_t now_us) { impl_->tick(now_us); }
bool Partition::can_seal() const {
  return !impl_->in_flight() && !impl_->open().empty() && impl_->failure.empty();
}
std::shared_ptr<const Commit> Partition::seal() { return impl_->seal(); }
Partition::Next Partition::on_outcome(CommitNumber number, Outcome outcome) {
  return impl_->on_outcome(number, outcome);
}
void Partition::resolve(const Recovered& recovered) { impl_->resolve(recovered); }
void Partition::abandon() { impl_->abandon(); }
void Partition::adopt(std::shared_ptr<const Catalog> catalog) { impl_->adopt(std::move(catalog)); }
bool Partition::idle() const {
  return impl_->queue.empty() && impl_->open().empty() && !impl_->in_flight();
}
bool Partition::failed() const { return !impl_->failure.empty(); }
const std::string& Partition::failure() const { return impl_->failure; }
CommitNumber Partition::last_commit() const { return impl_->last_commit; }
Epoch Partition::epoch() const { return impl_->epoch; }
std::uint64_t Partition::queued_events() const { return impl_->unsettled(); }
std::uint64_t Partition::activations() const { return impl_->activations.size(); }
std::uint64_t Partition::activation_bytes() const { return impl_->activations.bytes(); }
const PartitionCounters& Partition::counters() const { return impl_->counters; }
void Partition::on_durable(std::function<void(const Submission&, EventStatus)> hook) {
  impl_->on_durable = std::move(hook);
}

}  // namespace laurel::runtime
