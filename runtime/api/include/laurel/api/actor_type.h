/// ActorType: what an actor type declares: its name, what it takes and by which key, its tables and
/// the catalog documents it reads. Built once at start by `describe<A>()`, never changed after.
///
///     ActorType actor_type() {
///       return describe<Player>("player")
///           .takes<contract::WagerSettled>()           // an event, by its declared routing key
///           .handles<PointsCredit>()                   // a message other actors send
///           .log_table<LedgerEntry>("ledger")
///           .settings<EarnProgram>("program")          // catalog/program.toml
///           .settings<Tiers, TierPlan>("tiers", &compile_tiers);  // checked, worked out once
///     }
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "laurel/api/actor.h"
#include "laurel/api/settings.h"
#include "laurel/api/turn.h"

namespace laurel {

enum class TableKind { kKeyed, kLog, kRanked };

/// SHA-256 of the parts, one after the other.
using Sha256 = std::function<Digest(std::initializer_list<std::string_view> parts)>;

/// Fills in what a stored row leaves out because it follows from its other fields and from the row
/// before it (nullptr: it is the first), of which only what is always stored may be looked at. Any
/// thread. Turn::read_log() gives rows as they were appended.
using RestoreRow = std::function<void(
    google::protobuf::Message& row, const google::protobuf::Message* before, const Sha256& sha256)>;

struct TableSpec {
  std::string name;
  TableKind kind = TableKind::kKeyed;
  const google::protobuf::Message* row = nullptr;  // default instance
  unsigned columns = 1;                            // kRanked: of the sort key, 1 to kSortColumnsMax
  bool published = true;  // kRanked: its changes go to the topic position-changes
  RestoreRow restore;     // kLog: before a row is shown; may be empty
};

struct HandlerSpec {
  const google::protobuf::Message* message = nullptr;  // default instance
  bool is_event = false;
  std::function<void(ActorBase&, const google::protobuf::Message&, Turn&)> invoke;
};

struct ActorType {
  std::string name;
  /// The routing key is the part of the key after the last of these; 0: the whole key.
  char routed_after = 0;
  /// Takes no event as long as no version of the catalog has this document; empty: always.
  std::string only_with;
  std::vector<HandlerSpec> handlers;
  std::vector<TableSpec> tables;
  std::vector<SettingsSpec> settings;
  const google::protobuf::Message* root = nullptr;
  std::function<std::unique_ptr<ActorBase>()> make;
};

template <class A>
class ActorTypeBuilder {
 public:
  explicit ActorTypeBuilder(std::string name) {
    type_.name = std::move(name);
    type_.make = [] { return std::unique_ptr<ActorBase>(std::make_unique<A>()); };
    A prototype;
    static_assert(sizeof(A) == sizeof(Actor<typename A::Root>),
                  "an actor's state is its root: an actor type has no members of its own");
    type_.root = google::protobuf::MessageFactory::generated_factory()->GetPrototype(
        prototype.root().GetDescriptor());
  }

  /// An event of the contract; routed by its declared routing key, one turn per actor type.
  template <class Event>
  ActorTypeBuilder&& takes() && {
    return std::move(*this).template add<Event>(true);
  }
  /// A message that other actors send with Turn::send().
  template <class Message>
  ActorTypeBuilder&& handles() && {
    return std::move(*this).template add<Message>(false);
  }
  /// Actors of this type live where the part of their key after the last `separator` lives:
  /// `entry/RUN/PLAYER` beside `player/PLAYER`.
  ActorTypeBuilder&& routed_by_part_after(char separator) && {
    type_.routed_after = separator;
    return std::move(*this);
  }
  /// A type that is nothing without its document: as long as no version of the catalog has it,
  /// events pass it by and cost nothing. Afterwards it takes them all, also where the document is
  /// gone.
  ActorTypeBuilder&& only_with(std::string document) && {
    type_.only_with = std::move(document);
    return std::move(*this);
  }
  template <class Row>
  ActorTypeBuilder&& keyed_table(std::string name) && {
    type_.tables.push_back({std::move(name), TableKind::kKeyed, &Row::default_instance()});
    return std::move(*this);
  }
  /// A keyed table whose members have a place: Turn::rank_put() and the like.
  template <class Row>
  ActorTypeBuilder&& ranked_table(std::string name, unsigned columns = 1) && {
    type_.tables.push_back(
        {std::move(name), TableKind::kRanked, &Row::default_instance(), columns});
    return std::move(*this);
  }
  /// `restore`: of rows that leave out what can be worked out (RestoreRow).
  template <class Row>
  ActorTypeBuilder&& log_table(std::string name,
                               void (*restore)(Row& row, const Row* before,
                                               const Sha256& sha256) = nullptr) && {
    TableSpec& table = type_.tables.emplace_back();
    table.name = std::move(name);
    table.kind = TableKind::kLog;
    table.row = &Row::default_instance();
    if (restore == nullptr) return std::move(*this);
    table.restore = [restore](google::protobuf::Message& row,
                              const google::protobuf::Message* before, const Sha256& sha256) {
      restore(static_cast<Row&>(row), static_cast<const Row*>(before), sha256);
    };
    return std::move(*this);
  }
  /// Settings in `catalog/DOCUMENT.toml`, read with Turn::document<Settings>().
  template <class Settings>
  ActorTypeBuilder&& settings(std::string document) && {
    type_.settings.push_back(settings_spec<Settings>(std::move(document)));
    return std::move(*this);
  }
  /// The same, and `compile` makes a Plan of it once per catalog version, read with
  /// Turn::plan<Plan>(). It is also the document's check: what it adds to Problems is what the
  /// author of the document reads. Several actor types may declare one document (of one message),
  /// each with a plan of its own; a plan type belongs to one document and one compile function.
  template <class Settings, class Plan, class Compile>
  ActorTypeBuilder&& settings(std::string document, Compile compile) && {
    type_.settings.push_back(
        settings_spec<Settings, Plan>(std::move(document), std::move(compile)));
    return std::move(*this);
  }

  operator ActorType() && { return std::move(type_); }  // NOLINT(google-explicit-constructor)

 private:
  template <class Message>
  ActorTypeBuilder&& add(bool is_event) && {
    type_.handlers.push_back(
        {&Message::default_instance(), is_event,
         [](ActorBase& actor, const google::protobuf::Message& message, Turn& turn) {
           static_cast<A&>(actor).on(static_cast<const Message&>(message), turn);
         }});
    return std::move(*this);
  }

  ActorType type_;
};

template <class A>
ActorTypeBuilder<A> describe(std::string name) {
  return ActorTypeBuilder<A>(std::move(name));
}

}  // namespace laurel
