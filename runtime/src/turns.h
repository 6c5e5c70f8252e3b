/// Turns: runs one message against one actor, and the messages that follow from it.
///
/// Why        Where a message comes from (an event, the inbox, a timer) makes no difference to what
///            a turn is. Effects go into the open commit only when the turn was good.
/// Threads    The partition's.
/// Errors     A rejected or throwing turn: `End::code`; nothing of it stays. A store error:
///            Layers::failed(), and nothing of the turn stays either.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "activation.h"
#include "board_set.h"
#include "fresh_groups.h"
#include "laurel/runtime/partition.h"
#include "layers.h"
#include "open_actors.h"
#include "scratch.h"
#include "turn_context.h"
#include "work.h"

namespace laurel::runtime::internal {

class Turns {
 public:
  struct Input {
    const ActorType& type;
    const HandlerSpec& handler;
    std::string_view key;
    HashedName root;  ///< the name of the row of its root
    const google::protobuf::Message& message;
    const Origin& origin;
    bool is_event = false;
  };
  struct End {
    std::string code, detail;  ///< empty code: it was good
    std::string note;          ///< what remember() kept
    Outgoing outgoing;
    bool declined = false;  ///< it was good, and did nothing
  };
  /// A message that could not be delivered, for the dead letters.
  struct Undelivered {
    std::string code, detail, actor, type, message;
  };

  Turns(PartitionId partition, const Partition::Ports& ports,
        std::shared_ptr<const Catalog> catalog, const PartitionOptions& options, Layers& layers,
        PartitionCounters& counters);

  End run(const Input& input);
  /// The name of the row of an actor's root, until the next call.
  HashedName root_of(const ActorType& type, std::string_view key);
  /// Delivers what a turn sent: to actors of this partition now, as long as the commit has room and
  /// `hops_max` is not reached; everything else into the outbox. `hops`: of the message handled.
  void deliver(Outgoing messages, const Origin& origin, std::uint32_t hops,
               const std::function<void(const Undelivered&)>& undelivered);
  /// The timer's row goes away with the commit, whatever its turn does.
  void consume_timer(const ActorType& type, const std::string& key, std::string_view name,
                     std::string_view row_key);

  /// Writes what changed into the open commit. REQUIRES: right before it is sealed as `number`.
  void write_dirty(CommitNumber number);
  /// That commit is durable.
  void settle(CommitNumber number);
  /// Forgets what commits from `number` on, and the open one, changed.
  void drop_since(CommitNumber number);
  void passivate(std::int64_t now_us, CommitNumber durable);
  void at(std::int64_t now_us) { now_us_ = now_us; }
  /// A new piece of work begins: seeds of its turns count from here.
  void begin_work() { turns_of_work_ = 0; }

  const Activations& activations() const { return activations_; }
  const Catalog& catalog() const { return *environment_.catalog; }
  /// The turns from now on see it.
  void adopt(std::shared_ptr<const Catalog> catalog);
  /// Whether events pass the type by: no version of the catalog has the document it is for.
  bool asleep(const ActorType& type) const {
    return std::find(asleep_.begin(), asleep_.end(), &type) != asleep_.end();
  }

 private:
  Activation* activate(const ActorType& type, std::string_view key, const HashedName& root);
  void mark_dirty(Activation& activation);
  bool room() const;
  Board* attach_board(Activation& activation, const TableSpec& table);

  const PartitionId partition_;
  const Partition::Ports ports_;
  const PartitionOptions& options_;
  Layers& layers_;
  PartitionCounters& counters_;
  TurnContext::Environment environment_;
  Activations activations_;
  OpenActors actors_;
  FreshGroups groups_;
  BoardSet boards_;
  std::vector<Activation*> dirty_;
  std::vector<const ActorType*> asleep_;
  OutgoingPool pool_;
  TurnEffects effects_;  // of the turn at hand
  Scratch scratch_;      // of the actors; between their turns, of the rows of roots
  ActorId self_;         // whose turn it is
  std::string name_;     // root_of()
  CommitNumber durable_ = 0;
  bool boards_unswept_ = false;  // an activation went, its boards may be left
  std::int64_t now_us_ = 0;      // wall clock, for what is idle
  std::uint64_t turns_of_work_ = 0;
};

}  // namespace laurel::runtime::internal
