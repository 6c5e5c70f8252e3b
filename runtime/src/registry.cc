#include "laurel/runtime/registry.h"

#include <algorithm>

#include "laurel/contract/wager.pb.h"
#include "laurel/runtime/errors.h"

namespace laurel::runtime {
namespace {

EventType event_type_of(const google::protobuf::Message& message) {
  const auto& options = message.GetDescriptor()->options().GetExtension(contract::event);
  return {options.type(), &message, options};
}

// A table without a name would share its rows' names with roots, two of one name their rows.
void assert_named(const std::vector<TableSpec>& tables) {
  for (const TableSpec& table : tables) {
    LAUREL_ASSERT(!table.name.empty() && table.name.find('\0') == std::string::npos);
    LAUREL_ASSERT(std::count_if(tables.begin(), tables.end(), [&](const TableSpec& other) {
                    return other.name == table.name;
                  }) == 1);
  }
}

}  // namespace

std::vector<EventType> contract_event_types() {
  return {event_type_of(contract::WagerSettled::default_instance()),
          event_type_of(contract::WagerVoided::default_instance())};
}

ActorRegistry::ActorRegistry(std::vector<ActorType> types)
    : types_(std::move(types)), event_types_(contract_event_types()) {
  std::sort(types_.begin(), types_.end(),
            [](const ActorType& a, const ActorType& b) { return a.name < b.name; });
  for (const ActorType& type : types_) {
    LAUREL_ASSERT(by_name_.emplace(type.name, &type).second);
    assert_named(type.tables);
    for (const HandlerSpec& handler : type.handlers) {
      if (!handler.is_event) continue;
      const auto* descriptor = handler.message->GetDescriptor();
      LAUREL_ASSERT(descriptor->options().HasExtension(contract::event));
      takers_[descriptor].push_back({&type, &handler});
      const EventType event = event_type_of(*handler.message);
      if (event_type(event.type) == nullptr) event_types_.push_back(event);
    }
  }
}

const ActorType* ActorRegistry::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

const std::vector<ActorRegistry::Target>& ActorRegistry::takers(
    const google::protobuf::Descriptor* event) const {
  static const std::vector<Target> nobody;
  const auto it = takers_.find(event);
  return it == takers_.end() ? nobody : it->second;
}

const HandlerSpec* ActorRegistry::message_handler(
    const ActorType& type, const google::protobuf::Descriptor* message) const {
  for (const HandlerSpec& handler : type.handlers) {
    if (!handler.is_event && handler.message->GetDescriptor() == message) return &handler;
  }
  return nullptr;
}

const HandlerSpec* ActorRegistry::message_handler(const ActorType& type,
                                                  std::string_view message) const {
  for (const HandlerSpec& handler : type.handlers) {
    if (!handler.is_event && handler.message->GetDescriptor()->full_name() == message) {
      return &handler;
    }
  }
  return nullptr;
}

std::string_view routing_key_of(const ActorType& type, std::string_view key) {
  if (type.routed_after == 0) return key;
  const auto at = key.rfind(type.routed_after);
  return at == std::string_view::npos ? key : key.substr(at + 1);
}

const EventType* ActorRegistry::event_type(std::string_view cloud_events_type) const {
  for (const EventType& event : event_types_) {
    if (event.type == cloud_events_type) return &event;
  }
  return nullptr;
}

}  // namespace laurel::runtime
