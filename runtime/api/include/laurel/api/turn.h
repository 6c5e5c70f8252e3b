/// Turn: what an actor sees while it handles one message, and all it may do.
///
/// Why        Every effect goes through here, so that all effects of a turn become durable together
///            or not at all, and a turn run twice does the same (DESIGN.md sections 1, 2, 12).
/// Lifecycle  Lives for one call of `on()`. Never kept.
/// Threads    The partition's thread only.
/// Errors     reject() or an exception undo the whole turn: dead letter with the reason, others go
/// on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "laurel/api/sort_key.h"
namespace laurel {

/// Microseconds since 1970-01-01T00:00:00Z.
using TimeUs = std::int64_t;
using Digest = std::array<std::uint8_t, 32>;

inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Identity of an actor: `type/key`.
struct ActorId {
  std::string type;
  std::string key;
  bool operator==(const ActorId&) const = default;
};

/// Why this turn runs: the event it descends from.
struct Cause {
  std::string_view event_id;
  std::string_view event_type;
  std::string_view subject;
  std::string_view source;
  std::uint64_t catalog_version = 0;  ///< in force at the turn's event time; 0: there is none
};

/// Names a plan type within this process.
using PlanId = const void*;
namespace internal {
template <class Plan>
inline char plan_tag = 0;  // only its address is used
}
template <class Plan>
PlanId plan_id() {
  return &internal::plan_tag<Plan>;
}

/// The clock a timer waits for.
enum class TimerClock : std::uint8_t {
  /// The cluster watermark: every event dated before it has been handled, and what it caused.
  kEvent = 0,
  /// The node's wall clock: technical deadlines only, never a decision about points.
  kWall = 1,
};

/// When a message comes back to the actor that asked for it.
struct Timer {
  std::string_view name;  ///< one timer per actor and name: setting it again replaces it
  TimerClock clock = TimerClock::kEvent;
  TimeUs at = 0;
  /// kEvent: the start of the window this timer closes. Open backfills that hold events within
  /// [window_from, at] hold it back until they have passed `at`.
  TimeUs window_from = 0;
};

/// A plan, from which event time on it is in force, and the version it is of.
struct DatedPlan {
  const void* plan = nullptr;  ///< nullptr: that version has no such document
  TimeUs since = 0;
  std::uint64_t catalog_version = 0;
};

class Turn {
 public:
  virtual ~Turn() = default;

  virtual const ActorId& self() const = 0;
  virtual const Cause& cause() const = 0;
  /// Event time. Never a clock.
  virtual TimeUs now() const = 0;
  /// All events of this turn's stream dated before it have been handled here: what is dated earlier
  /// is late.
  virtual TimeUs watermark() const = 0;
  /// Deterministic: the same on every replay; unguessable without the data directory's secret.
  virtual std::uint64_t random() = 0;
  /// SHA-256 of the parts, one after the other.
  virtual Digest sha256(std::initializer_list<std::string_view> parts) const = 0;

  /// The catalog document of a declared settings message that is in force at this turn's event
  /// time, or nullptr when the catalog has none.
  virtual const google::protobuf::Message* document(
      const google::protobuf::Descriptor& type) const = 0;
  template <class Document>
  const Document* document() const {
    return static_cast<const Document*>(document(*Document::descriptor()));
  }
  /// The plan that the declared compile function made of its document, in force at this turn's
  /// event time; nullptr when the catalog has no such document. Lives as long as the turn.
  virtual const void* plan(PlanId id) const = 0;
  template <class Plan>
  const Plan* plan() const {
    return static_cast<const Plan*>(plan(plan_id<Plan>()));
  }
  /// The same at another event time: for what was defined when something began.
  virtual DatedPlan plan_at(PlanId id, TimeUs at) const = 0;

  /// Keyed table: key -> row, the last value wins. The table has to be declared by the actor type.
  /// get() reads what this and earlier turns wrote, durable or not; false when there is no such
  /// row.
  virtual bool get(std::string_view table, std::string_view key,
                   google::protobuf::Message& row) = 0;
  virtual void put(std::string_view table, std::string_view key,
                   const google::protobuf::Message& row) = 0;
  virtual void erase(std::string_view table, std::string_view key) = 0;
  /// Calls `row(key, bytes)` in ascending key order from `from` on, until it returns false.
  virtual void scan(
      std::string_view table, std::string_view from,
      const std::function<bool(std::string_view key, std::string_view bytes)>& row) = 0;

  /// Log table: appends a row; its sequence, 1, 2, 3, ... without gaps, is returned.
  virtual std::uint64_t append(std::string_view table, const google::protobuf::Message& row) = 0;
  /// The row with that sequence, as it was appended; false when there is none.
  virtual bool read_log(std::string_view table, std::uint64_t sequence,
                        google::protobuf::Message& row) = 0;

  /// Ranked table: member -> place and row. A member's place is its sort key, then a hash of actor
  /// and member: a total order that no order of arrival can change. `row` may be nullptr where it
  /// is read: finding the key alone costs no read of the store.
  virtual bool rank_get(std::string_view table, std::string_view member, SortKey* key,
                        google::protobuf::Message* row) = 0;
  virtual void rank_put(std::string_view table, std::string_view member, const SortKey& key,
                        const google::protobuf::Message& row) = 0;
  virtual void rank_erase(std::string_view table, std::string_view member) = 0;
  /// Members, as earlier turns left the table.
  virtual std::uint64_t rank_size(std::string_view table) = 0;
  /// Calls `place` for each member from that position (from 0) on, in order, until it returns
  /// false; as earlier turns left the table.
  virtual void rank_walk(std::string_view table, std::uint64_t from,
                         const std::function<bool(std::uint64_t position, std::string_view member,
                                                  const SortKey& key)>& place) = 0;

  /// A message to another actor: handled in the same commit when it lives in the same partition.
  virtual void send(const ActorId& to, const google::protobuf::Message& message) = 0;
  /// A message that replaces the one before it: of all that this actor sends to `to` in one commit,
  /// per message type only the last arrives, in a later commit. For absolute values.
  virtual void send_latest(const ActorId& to, const google::protobuf::Message& message) = 0;
  /// The next step of a long operation: the message comes to this actor in a later commit. Durable.
  virtual void again(const google::protobuf::Message& step) = 0;

  /// The message comes to this actor once the timer is due; exactly once in effect. now() is then
  /// `timer.at`.
  virtual void set_timer(const Timer& timer, const google::protobuf::Message& message) = 0;
  virtual void cancel_timer(std::string_view name) = 0;

  /// Keeps a note of this actor type with the journal row of the event being handled; the last one
  /// wins. Only in a turn that handles an event, not a message: elsewhere the turn is rejected.
  virtual void remember(const google::protobuf::Message& note) = 0;
  /// The accepted event of this actor's routing key with that natural key, and this actor type's
  /// note on it (either may be nullptr). False: no such event was accepted. REQUIRES: `event_type`
  /// is an event of the contract, `natural_key` has its parts in the declared order.
  virtual bool recall(const google::protobuf::Descriptor& event_type,
                      std::initializer_list<std::string_view> natural_key,
                      google::protobuf::Message* event, google::protobuf::Message* note) = 0;

  /// For an output topic, none of the runtime's own. `emit_latest`: the last one per key and
  /// commit.
  virtual void emit(std::string_view topic, std::string_view key,
                    const google::protobuf::Message& record) = 0;
  virtual void emit_latest(std::string_view topic, std::string_view key,
                           const google::protobuf::Message& record) = 0;

  /// An empty message of that type for what is built, handed over and forgotten in this turn: it
  /// keeps its memory from turn to turn. Asked for again, it is the same one, empty. Of the
  /// messages within it those keep theirs whose field is declared `optional`, or repeated.
  /// REQUIRES: `prototype` is the default instance of its type.
  virtual google::protobuf::Message& scratch(const google::protobuf::Message& prototype) = 0;
  template <class Message>
  Message& scratch() {
    return static_cast<Message&>(scratch(Message::default_instance()));
  }

  /// Undoes this turn and dead-letters its message for this actor. `code` is a stable word such as
  /// `scale-mismatch`. The caller returns right after it.
  virtual void reject(std::string_view code, std::string detail) = 0;
  /// The event is nothing to this actor, such as for want of a catalog document: no effect of the
  /// turn stays, and the event is taken or rejected as the other actor types say. The caller
  /// returns right after it.
  virtual void decline() = 0;
};

}  // namespace laurel
