/// TurnContext: the runtime's side of one turn. Effects wait here until the turn is known to be
/// good.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "activation.h"
#include "laurel/api/turn.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/hasher.h"

namespace laurel::runtime::internal {

struct OutgoingMessage {
  ActorId to;
  std::unique_ptr<google::protobuf::Message> message;
};

/// Reads of rows as earlier turns left them: open commit, sealed commit, store.
class LayeredReads {
 public:
  virtual ~LayeredReads() = default;
  virtual std::optional<std::string> read(Space space, std::string_view key) = 0;
  /// Merged, ascending, without deleted rows, from `from` on within `prefix`.
  virtual void scan(Space space, std::string_view prefix, std::string_view from,
                    const std::function<bool(std::string_view, std::string_view)>& row) = 0;
};

class TurnContext final : public Turn {
 public:
  struct Scope {
    Activation& activation;
    Cause cause;
    TimeUs now = 0;
    std::uint64_t seed[2] = {0, 0};
    std::size_t effect_bytes_max = 0;
  };

  TurnContext(LayeredReads& reads, const Hasher& hasher, const CatalogVersion& catalog,
              Scope scope);

  const ActorId& self() const override { return scope_.activation.id; }
  const Cause& cause() const override { return scope_.cause; }
  TimeUs now() const override { return scope_.now; }
  std::uint64_t random() override;
  Digest sha256(std::initializer_list<std::string_view> parts) const override {
    return hasher_.sha256(parts);
  }
  using Turn::document;
  const google::protobuf::Message* document(
      const google::protobuf::Descriptor& type) const override {
    return catalog_.find(type);
  }
  using Turn::plan;
  const void* plan(PlanId id) const override { return catalog_.plan(id); }

  bool get(std::string_view table, std::string_view key, google::protobuf::Message& row) override;
  void put(std::string_view table, std::string_view key,
           const google::protobuf::Message& row) override;
  void erase(std::string_view table, std::string_view key) override;
  void scan(std::string_view table, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& row) override;
  std::uint64_t append(std::string_view table, const google::protobuf::Message& row) override;
  bool read_log(std::string_view table, std::uint64_t sequence,
                google::protobuf::Message& row) override;
  void send(const ActorId& to, const google::protobuf::Message& message) override;
  void emit(std::string_view topic, std::string_view key,
            const google::protobuf::Message& record) override;
  void emit_latest(std::string_view topic, std::string_view key,
                   const google::protobuf::Message& record) override;
  void reject(std::string_view code, std::string detail) override;

  bool rejected() const { return !reject_code_.empty(); }
  const std::string& reject_code() const { return reject_code_; }
  const std::string& reject_detail() const { return reject_detail_; }
  /// Moves the effects into the open commit. REQUIRES: not rejected.
  void apply_to(OpenCommit& commit);
  std::vector<OutgoingMessage>& outgoing() { return outgoing_; }

 private:
  struct Emitted {
    OutputRecord record;
    bool latest = false;
  };
  const TableSpec* declared(std::string_view table, TableKind kind);
  std::optional<std::string> serialize(const google::protobuf::Message& message);
  void emit_record(std::string_view topic, std::string_view key,
                   const google::protobuf::Message& record, bool latest);

  LayeredReads& reads_;
  const Hasher& hasher_;
  const CatalogVersion& catalog_;  // in force at the event time
  Scope scope_;
  std::string reject_code_;
  std::string reject_detail_;
  std::vector<std::pair<std::string, std::optional<std::string>>> rows_;
  std::vector<std::pair<LogTail*, std::string>> appends_;
  std::vector<Emitted> emitted_;
  std::vector<OutgoingMessage> outgoing_;
};

}  // namespace laurel::runtime::internal
