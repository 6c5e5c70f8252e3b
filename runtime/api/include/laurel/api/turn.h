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

#include "laurel/api/time_us.h"

namespace laurel {

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
  std::uint64_t catalog_version = 0;
};

class Turn {
 public:
  virtual ~Turn() = default;

  virtual const ActorId& self() const = 0;
  virtual const Cause& cause() const = 0;
  /// Event time. Never a clock.
  virtual TimeUs now() const = 0;
  /// Deterministic: the same on every replay; unguessable without the data directory's secret.
  virtual std::uint64_t random() = 0;
  /// SHA-256 of the parts, one after the other.
  virtual Digest sha256(std::initializer_list<std::string_view> parts) const = 0;

  /// The catalog document of a declared settings message, or nullptr when the catalog has none.
  virtual const google::protobuf::Message* document(
      const google::protobuf::Descriptor& type) const = 0;
  template <class Document>
  const Document* document() const {
    return static_cast<const Document*>(document(*Document::descriptor()));
  }

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
  /// The row with that sequence; false when there is none.
  virtual bool read_log(std::string_view table, std::uint64_t sequence,
                        google::protobuf::Message& row) = 0;

  /// A message to another actor: handled in the same commit when it lives in the same partition.
  virtual void send(const ActorId& to, const google::protobuf::Message& message) = 0;

  /// A record for an output topic. `emit_latest`: only the last one per key and commit goes out.
  virtual void emit(std::string_view topic, std::string_view key,
                    const google::protobuf::Message& record) = 0;
  virtual void emit_latest(std::string_view topic, std::string_view key,
                           const google::protobuf::Message& record) = 0;

  /// Undoes this turn and dead-letters its message for this actor. `code` is a stable word such as
  /// `scale-mismatch`. The caller returns right after it.
  virtual void reject(std::string_view code, std::string detail) = 0;
};

}  // namespace laurel
