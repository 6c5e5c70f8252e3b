/// TurnContext: the runtime's side of one turn. Effects wait here until the turn is known to be
/// good.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "activation.h"
#include "laurel/api/turn.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/hasher.h"
#include "layers.h"
#include "outgoing.h"
#include "scratch.h"
#include "work.h"

namespace laurel::runtime::internal {

/// What a turn has done so far. Partitions keep one, as it keeps its memory from turn to turn.
struct TurnEffects {
  struct TimerChange {
    std::string name;
    std::optional<SetTimer> timer;  // nothing: cancelled
    std::string_view row;
  };
  struct RankChange {
    Board* board = nullptr;
    Board::Move move;
    HashedName name;                      // of its row
    std::optional<std::string_view> row;  // as it will be stored
  };
  struct Emitted {
    Output record;
    HashedName latest_name;  // nothing: no later one replaces it
  };
  // What these refer to is in the open commit's bytes.
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> rows;
  std::vector<std::pair<LogTail*, std::string_view>> appends;
  std::vector<Emitted> emitted;
  std::vector<RankChange> ranks;
  std::vector<TimerChange> timers;
  bool busy = false;  // a turn is at hand

  void clear() {
    rows.clear();
    appends.clear();
    emitted.clear();
    ranks.clear();
    timers.clear();
  }
};

class TurnContext final : public Turn {
 public:
  /// What all turns of a partition share.
  struct Environment {
    Layers& layers;
    const Hasher& hasher;
    std::shared_ptr<const Catalog> catalog;
    std::string_view secret;
    std::size_t effect_bytes_max = 0;
    Scratch& scratch;
    TurnEffects& effects;
    OutgoingPool& outgoing;
    const Activations& activations;
    ActorId& self;  ///< whose turn it is: it keeps its memory
    /// Reads the board when a turn first asks for it: one that is late for a run that is over does
    /// not. nullptr: it cannot be read.
    std::function<Board*(Activation&, const TableSpec&)> attach_board;
  };
  struct Scope {
    Activation& activation;
    std::string_view routing_key;
    const Origin& origin;
    std::uint64_t place = 0;  ///< among the turns of its work
    bool handles_event = false;
  };

  /// REQUIRES: no other of that environment is alive.
  TurnContext(const Environment& environment, const Scope& scope);
  ~TurnContext() override {
    effects_.clear();
    effects_.busy = false;
  }
  TurnContext(const TurnContext&) = delete;
  TurnContext& operator=(const TurnContext&) = delete;

  const ActorId& self() const override { return environment_.self; }
  const Cause& cause() const override { return cause_; }
  TimeUs now() const override { return scope_.origin.now; }
  TimeUs watermark() const override { return scope_.origin.watermark; }
  std::uint64_t random() override;
  Digest sha256(std::initializer_list<std::string_view> parts) const override {
    return environment_.hasher.sha256(parts);
  }
  using Turn::document;
  const google::protobuf::Message* document(
      const google::protobuf::Descriptor& type) const override {
    return version_.find(type);
  }
  using Turn::plan;
  const void* plan(PlanId id) const override { return version_.plan(id); }
  DatedPlan plan_at(PlanId id, TimeUs at) const override;

  bool get(std::string_view table, std::string_view key, google::protobuf::Message& row) override;
  void put(std::string_view table, std::string_view key,
           const google::protobuf::Message& row) override;
  void erase(std::string_view table, std::string_view key) override;
  void scan(std::string_view table, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& row) override;
  std::uint64_t append(std::string_view table, const google::protobuf::Message& row) override;
  bool read_log(std::string_view table, std::uint64_t sequence,
                google::protobuf::Message& row) override;
  bool rank_get(std::string_view table, std::string_view member, SortKey* key,
                google::protobuf::Message* row) override;
  void rank_put(std::string_view table, std::string_view member, const SortKey& key,
                const google::protobuf::Message& row) override;
  void rank_erase(std::string_view table, std::string_view member) override;
  std::uint64_t rank_size(std::string_view table) override;
  void rank_walk(
      std::string_view table, std::uint64_t from,
      const std::function<bool(std::uint64_t, std::string_view, const SortKey&)>& place) override;
  void send(const ActorId& to, const google::protobuf::Message& message) override;
  void send_latest(const ActorId& to, const google::protobuf::Message& message) override;
  void again(const google::protobuf::Message& step) override;
  void set_timer(const Timer& timer, const google::protobuf::Message& message) override;
  void cancel_timer(std::string_view name) override;
  void remember(const google::protobuf::Message& note) override;
  bool recall(const google::protobuf::Descriptor& event_type,
              std::initializer_list<std::string_view> natural_key, google::protobuf::Message* event,
              google::protobuf::Message* note) override;
  void emit(std::string_view topic, std::string_view key,
            const google::protobuf::Message& record) override;
  void emit_latest(std::string_view topic, std::string_view key,
                   const google::protobuf::Message& record) override;
  using Turn::scratch;
  google::protobuf::Message& scratch(const google::protobuf::Message& prototype) override {
    return environment_.scratch.get(prototype);
  }
  void reject(std::string_view code, std::string detail) override;
  void decline() override { declined_ = true; }

  bool rejected() const { return !reject_code_.empty(); }
  bool declined() const { return declined_; }
  const std::string& reject_code() const { return reject_code_; }
  const std::string& reject_detail() const { return reject_detail_; }
  /// Moves the effects into the open commit. REQUIRES: neither rejected nor declined.
  void apply_to(OpenCommit& commit);
  Outgoing& outgoing() { return outgoing_; }
  /// Boards whose members apply_to() moved.
  std::vector<Board*> moved_boards() const;
  /// What remember() kept, serialized.
  std::string& note() { return note_; }

 private:
  using TimerChange = TurnEffects::TimerChange;
  using RankChange = TurnEffects::RankChange;
  using Emitted = TurnEffects::Emitted;
  const TableSpec* declared(std::string_view table, TableKind kind);
  /// False: it is too large, and the turn is rejected.
  bool serialize(const google::protobuf::Message& message, std::string& out);
  /// The same into the open commit's bytes, where it is left when the turn is rejected.
  std::optional<std::string_view> keep(const google::protobuf::Message& message);
  bool fits(const google::protobuf::Message& message, std::size_t bytes);
  void emit_record(std::string_view topic, std::string_view key,
                   const google::protobuf::Message& record, bool latest);

  void outgo(const ActorId& to, const google::protobuf::Message& message, OutgoingMessage::Way way);

  const Environment& environment_;
  const CatalogVersion& version_;  // in force at the event time
  const Scope scope_;
  Cause cause_;
  std::optional<std::array<std::uint64_t, 2>> seed_;  // once a number was drawn
  std::string note_;
  void apply_timers(OpenCommit& commit);
  void apply_ranks(OpenCommit& commit);
  Board* declared_board(std::string_view table);
  const RankChange* own_rank(const Board& board, std::string_view member) const;
  /// Of a row of a table, or of a member of a board.
  std::string_view name_of_row(std::string_view table, std::string_view key) const;
  HashedName name_soon_written(const Board& board, std::string_view member) const;
  bool declined_ = false;
  std::string reject_code_;
  std::string reject_detail_;
  TurnEffects& effects_;
  Outgoing outgoing_;
};

}  // namespace laurel::runtime::internal
