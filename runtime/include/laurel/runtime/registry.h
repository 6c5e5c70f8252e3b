/// ActorRegistry: all actor types of this build, indexed by what they take. Made once at start.
///
/// Threads    Immutable after construction: any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "laurel/api/actor_type.h"
#include "laurel/contract/options.pb.h"

namespace laurel::runtime {

/// An event type of the contract, with its declared options.
struct EventType {
  std::string type;  ///< CloudEvents type
  const google::protobuf::Message* message = nullptr;
  contract::EventOptions options;
};

class ActorRegistry {
 public:
  struct Target {
    const ActorType* type = nullptr;
    const HandlerSpec* handler = nullptr;
  };

  /// REQUIRES: type names unique, `[a-z][a-z0-9_]*`; every event handler's message has
  /// EventOptions.
  explicit ActorRegistry(std::vector<ActorType> types);

  const std::vector<ActorType>& types() const { return types_; }
  const ActorType* find(std::string_view name) const;
  /// Who takes that event, in order of type name. Empty: nobody.
  const std::vector<Target>& takers(const google::protobuf::Descriptor* event) const;
  const HandlerSpec* message_handler(const ActorType& type,
                                     const google::protobuf::Descriptor* message) const;
  const HandlerSpec* message_handler(const ActorType& type, std::string_view message) const;
  /// Every event type of the contract known to this build.
  const std::vector<EventType>& event_types() const { return event_types_; }
  const EventType* event_type(std::string_view cloud_events_type) const;

 private:
  std::vector<ActorType> types_;
  std::map<std::string, const ActorType*, std::less<>> by_name_;
  std::unordered_map<const google::protobuf::Descriptor*, std::vector<Target>> takers_;
  std::vector<EventType> event_types_;
};

/// The declared part of the key that says where the actor lives.
std::string_view routing_key_of(const ActorType& type, std::string_view key);

/// The event types that a build knows without any actor: those of contract/.
std::vector<EventType> contract_event_types();

}  // namespace laurel::runtime
