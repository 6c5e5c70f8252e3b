#include "turn_context.h"

#include <algorithm>
#include <map>
#include <ranges>

#include "laurel/contract/event.pb.h"
#include "laurel/contract/options.pb.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/journal.pb.h"
#include "laurel/runtime/keys.h"
#include "laurel/runtime/state.pb.h"
#include "laurel/runtime/topics.h"
#include "wire.h"

namespace laurel::runtime::internal {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// FNV-1a: the same on every machine, unlike std::hash.
std::uint64_t hash_of(std::string_view text, std::uint64_t h) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

}  // namespace

TurnContext::TurnContext(const Environment& environment, const Scope& scope)
    : environment_(environment),
      version_(environment.catalog->at(scope.origin.now, scope.origin.catalog_bound)),
      scope_(scope),
      cause_(scope.origin.cause),
      effects_(environment.effects) {
  LAUREL_ASSERT(!effects_.busy);
  effects_.busy = true;
  environment.self.type = scope.activation.type->name;
  environment.self.key = scope.activation.key();
  cause_.catalog_version = version_.number();
}

DatedPlan TurnContext::plan_at(PlanId id, TimeUs at) const {
  const CatalogBound bound = scope_.origin.catalog_bound;
  const CatalogVersion& version = environment_.catalog->at(at, bound);
  const CatalogTerms& terms = version.terms();
  return {version.plan(id),
          version.number() <= bound.known ? terms.effective_from_us : terms.live_from_us,
          version.number()};
}

// Turns of one event must not draw the same numbers: the actor and the place among the turns of its
// work are mixed in.
std::uint64_t TurnContext::random() {
  if (!seed_) {
    std::uint64_t who = hash_of(self().type, 0xcbf29ce484222325ULL);
    who = hash_of(self().key, who * 31 + 1);
    const auto& seed = scope_.origin.seed;
    seed_ = {seed[0] ^ who, seed[1] + scope_.place * 0x9e3779b97f4a7c15ULL};
  }
  return splitmix((*seed_)[0]) ^ splitmix((*seed_)[1]);
}

const TableSpec* TurnContext::declared(std::string_view table, TableKind kind) {
  for (const TableSpec& spec : scope_.activation.type->tables) {
    if (spec.name == table && spec.kind == kind) return &spec;
  }
  reject("undeclared-table", std::string(table) + " is not declared by the actor type");
  return nullptr;
}

bool TurnContext::fits(const google::protobuf::Message& message, std::size_t bytes) {
  if (bytes <= environment_.effect_bytes_max) return true;
  reject("effect-too-large",
         message.GetDescriptor()->full_name() + " of " + std::to_string(bytes) + " bytes");
  return false;
}

bool TurnContext::serialize(const google::protobuf::Message& message, std::string& out) {
  write_over(out, message);
  return fits(message, out.size());
}

std::optional<std::string_view> TurnContext::keep(const google::protobuf::Message& message) {
  if (!fits(message, message.ByteSizeLong())) return std::nullopt;
  return keep_message(environment_.layers.open.bytes, message);
}

std::string_view TurnContext::name_of_row(std::string_view table, std::string_view key) const {
  return environment_.layers.open.bytes.keep(state_key(self().type, self().key, table, key));
}

bool TurnContext::get(std::string_view table, std::string_view key,
                      google::protobuf::Message& row) {
  if (declared(table, TableKind::kKeyed) == nullptr) return false;
  const std::string name = state_key(self().type, self().key, table, key);
  for (const auto& [written, value] : std::views::reverse(effects_.rows)) {
    if (written == name) return value && parse(*value, row);
  }
  const auto stored = environment_.layers.read(Space::kState, name);
  return stored && row.ParseFromString(*stored);
}

void TurnContext::put(std::string_view table, std::string_view key,
                      const google::protobuf::Message& row) {
  if (declared(table, TableKind::kKeyed) == nullptr) return;
  const auto bytes = keep(row);
  if (!bytes) return;
  effects_.rows.emplace_back(name_of_row(table, key), bytes);
}

void TurnContext::erase(std::string_view table, std::string_view key) {
  if (declared(table, TableKind::kKeyed) == nullptr) return;
  effects_.rows.emplace_back(name_of_row(table, key), std::nullopt);
}

void TurnContext::scan(std::string_view table, std::string_view from,
                       const std::function<bool(std::string_view, std::string_view)>& row) {
  if (declared(table, TableKind::kKeyed) == nullptr) return;
  const std::string prefix = state_key(self().type, self().key, table);
  const std::string first = prefix + std::string(from);
  std::map<std::string_view, std::optional<std::string_view>>
      own;  // this turn's, the last put wins
  for (const auto& [key, value] : effects_.rows) {
    if (key.starts_with(prefix)) own[key] = value;
  }
  auto next = own.lower_bound(first);
  bool go_on = true;
  const auto own_until = [&](const std::string_view* limit) {
    for (; go_on && next != own.end() && (limit == nullptr || next->first < *limit); ++next) {
      if (next->second) {
        go_on = row(next->first.substr(prefix.size()), *next->second);
      }
    }
  };
  environment_.layers.scan(Space::kState, prefix, first,
                           [&](std::string_view key, std::string_view value) {
                             own_until(&key);
                             if (!go_on) return false;
                             if (next != own.end() && next->first == key)
                               return true;  // own comes next
                             go_on = row(key.substr(prefix.size()), value);
                             return go_on;
                           });
  own_until(nullptr);
}

std::uint64_t TurnContext::append(std::string_view table, const google::protobuf::Message& row) {
  if (declared(table, TableKind::kLog) == nullptr) return 0;
  LogTail* tail = scope_.activation.log(table);
  std::uint64_t sequence = tail->rows + 1;
  for (const auto& [other, bytes] : effects_.appends) sequence += other == tail ? 1 : 0;
  if (const auto bytes = keep(row)) effects_.appends.emplace_back(tail, *bytes);
  return sequence;
}

bool TurnContext::read_log(std::string_view table, std::uint64_t sequence,
                           google::protobuf::Message& row) {
  if (declared(table, TableKind::kLog) == nullptr) return false;
  const LogTail& tail = *scope_.activation.log(table);
  const std::uint64_t durable_rows = tail.rows - tail.pending.size();
  if (sequence == 0) return false;
  if (sequence > durable_rows) {
    std::uint64_t at = sequence - durable_rows - 1;
    if (at < tail.pending.size()) return parse(tail.pending[at], row);
    at -= tail.pending.size();
    for (const auto& [other, bytes] : effects_.appends) {
      if (other == &tail && at-- == 0) return parse(bytes, row);
    }
    return false;
  }
  bool found = false;
  environment_.layers.scan(
      Space::kLog, state_key(self().type, self().key, table),
      log_key(self().type, self().key, table, sequence),
      [&](std::string_view key, std::string_view value) {
        LogChunk chunk;
        if (!chunk.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
          return false;
        }
        const std::uint64_t last = from_big_endian(key.substr(key.size() - 8));
        const auto at = chunk.rows_size() - 1 - static_cast<int>(last - sequence);
        found = at >= 0 && row.ParseFromString(chunk.rows(at));
        return false;
      });
  return found;
}

void TurnContext::outgo(const ActorId& to, const google::protobuf::Message& message,
                        OutgoingMessage::Way way) {
  if (to.type.empty() || to.key.empty() || to.type.find('\0') != std::string::npos ||
      to.key.find('\0') != std::string::npos) {
    return reject("bad-address", "an actor's type and key are not empty and hold no NUL byte");
  }
  auto out = environment_.outgoing.take(message.GetDescriptor());
  out->to = to;
  out->way = way;
  if (way != OutgoingMessage::Way::kDirect) {
    const bool whole = serialize(message, out->bytes);
    out->size = out->bytes.size();
    if (!whole) return;
    if (way == OutgoingMessage::Way::kLatest) {
      latest_name_of({self(), to, out->type->full_name()}, out->name);
      out->name_hash = HashedName(out->name).hash;
      environment_.layers.open.outbox.prefetch_latest(out->name_hash);
    }
  } else {
    out->size = message.ByteSizeLong();
    if (!fits(message, out->size)) return;
    if (out->message == nullptr) out->message.reset(message.New());
    out->message->Clear();  // CopyFrom() may look for `message` within it, by reflection
    out->message->MergeFrom(message);
    out->name.clear();
    append_state_key(out->name, to.type, to.key);
    out->name_hash = HashedName(out->name).hash;
    environment_.activations.prefetch_slot(out->name_hash);
  }
  if (outgoing_.empty()) outgoing_.reserve(4);
  outgoing_.push_back(std::move(out));
}

void TurnContext::send(const ActorId& to, const google::protobuf::Message& message) {
  outgo(to, message, OutgoingMessage::Way::kDirect);
}

void TurnContext::send_latest(const ActorId& to, const google::protobuf::Message& message) {
  outgo(to, message, OutgoingMessage::Way::kLatest);
}

void TurnContext::again(const google::protobuf::Message& step) {
  outgo(self(), step, OutgoingMessage::Way::kLater);
}

void TurnContext::set_timer(const Timer& timer, const google::protobuf::Message& message) {
  if (timer.name.find('\0') != std::string_view::npos || timer.name.size() > 256) {
    return reject("bad-timer", "a timer's name has at most 256 bytes and no NUL byte");
  }
  StoredTimer row;
  if (!serialize(message, *row.mutable_message())) return;
  row.set_format(1);
  row.set_at_us(timer.at);
  row.set_window_from_us(timer.window_from);
  row.set_message_type(message.GetDescriptor()->full_name());
  store_cause(scope_.origin, *row.mutable_cause());
  const auto clock = static_cast<std::uint8_t>(timer.clock);
  effects_.timers.push_back({std::string(timer.name),
                             SetTimer{std::string(timer.name), clock, timer.at},
                             keep_message(environment_.layers.open.bytes, row)});
}

void TurnContext::cancel_timer(std::string_view name) {
  effects_.timers.push_back({std::string(name), std::nullopt, {}});
}

void TurnContext::remember(const google::protobuf::Message& note) {
  if (!scope_.handles_event) {
    return reject("no-event", "remember() belongs to the turn of an event");
  }
  (void)serialize(note, note_);
}

bool TurnContext::recall(const google::protobuf::Descriptor& event_type,
                         std::initializer_list<std::string_view> natural_key,
                         google::protobuf::Message* event, google::protobuf::Message* note) {
  const auto& options = event_type.options().GetExtension(contract::event);
  std::string name;
  for (const std::string_view part : natural_key) append_key_part(name, part);
  name += options.natural_key_kind();
  const Digest digest = sha256({environment_.secret, name});
  const auto stored = environment_.layers.read(
      Space::kJournal, journal_key(scope_.routing_key, bytes_of(digest).substr(0, 16)));
  if (!stored) return false;
  JournalRow row;
  contract::Event kept;
  if (!row.ParseFromString(*stored) || !kept.ParseFromString(row.event())) return false;
  if (event != nullptr && !event->ParseFromString(kept.data())) return false;
  if (note != nullptr) {
    note->Clear();
    for (const Decision& decision : row.decisions()) {
      if (decision.actor_type() == self().type && !note->ParseFromString(decision.note())) {
        return false;
      }
    }
  }
  return true;
}

void TurnContext::emit_record(std::string_view topic, std::string_view key,
                              const google::protobuf::Message& record, bool latest) {
  const ActorTopic* to = actor_topic(topic);
  if (to == nullptr) {
    const bool ours = std::ranges::find(kTopics, topic) != kTopics.end();
    return reject("undeclared-topic",
                  std::string(topic) + (ours ? " is a topic of the runtime's own"
                                             : " is not a topic of this version"));
  }
  const auto bytes = keep(record);
  if (!bytes) return;
  OpenCommit& open = environment_.layers.open;
  HashedName name;
  if (latest) {
    name = open.keep_name(to->name, key);
    open.prefetch_latest(name.hash);
  }
  const std::string_view kept =
      latest ? name.text.substr(to->name.size() + 1) : open.bytes.keep(key);
  effects_.emitted.push_back({{to->name, kept, to->record_type, *bytes, now()}, name});
}

void TurnContext::emit(std::string_view topic, std::string_view key,
                       const google::protobuf::Message& record) {
  emit_record(topic, key, record, false);
}

void TurnContext::emit_latest(std::string_view topic, std::string_view key,
                              const google::protobuf::Message& record) {
  emit_record(topic, key, record, true);
}

void TurnContext::reject(std::string_view code, std::string detail) {
  if (rejected()) return;  // the first reason is the cause of what follows
  reject_code_ = code.empty() ? std::string("rejected") : std::string(code);
  reject_detail_ = std::move(detail);
}

void TurnContext::apply_to(OpenCommit& commit) {
  for (const auto& [key, value] : effects_.rows) commit.put_all_kept(Space::kState, key, value);
  for (const auto& [tail, bytes] : effects_.appends) {
    tail->pending.push_back(bytes);
    ++tail->rows;
  }
  if (!effects_.timers.empty()) apply_timers(commit);
  apply_ranks(commit);
  for (const Emitted& emitted : effects_.emitted) {
    if (emitted.latest_name.text.empty()) {
      commit.emit(emitted.record);
    } else {
      commit.emit_latest(emitted.latest_name, emitted.record);
    }
  }
}

void TurnContext::apply_timers(OpenCommit& commit) {
  auto& set = scope_.activation.belongings().timers;
  for (TimerChange& change : effects_.timers) {
    const auto old = std::find_if(set.begin(), set.end(),
                                  [&](const SetTimer& timer) { return timer.name == change.name; });
    if (old != set.end()) {
      commit.put(Space::kTimers,
                 timer_key(old->clock, old->at_us, self().type, self().key, old->name),
                 std::nullopt);
      set.erase(old);
    }
    if (!change.timer) continue;
    commit.put_kept(
        Space::kTimers,
        timer_key(change.timer->clock, change.timer->at_us, self().type, self().key, change.name),
        change.row);
    set.push_back(std::move(*change.timer));
  }
}

}  // namespace laurel::runtime::internal
