/// EventSchema: an event type's message as a table, so that decoding asks protobuf's reflection for
/// nothing but the setting of a field. Made once per decoder.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "laurel/adapters/formats/options.h"
#include "laurel/runtime/registry.h"

namespace laurel::adapters::formats {

enum class FieldKind : std::uint8_t {
  kString,
  kBool,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kEnum,
  kAmount,
  kMessage,
  kUnsupported,  ///< bytes, floating point, maps: no event may have a value for them
};

/// Which fields of one message were there.
inline constexpr std::size_t kFieldsMax = 256;
using FieldSet = std::array<std::uint64_t, kFieldsMax / 64>;
inline bool contains(const FieldSet& set, std::size_t index) {
  return (set[index / 64] >> (index % 64) & 1U) != 0;
}
inline void insert(FieldSet& set, std::size_t index) { set[index / 64] |= 1ULL << (index % 64); }

struct MessageSchema;

struct FieldSchema {
  std::string name;
  const google::protobuf::FieldDescriptor* descriptor = nullptr;
  const google::protobuf::Reflection* reflection = nullptr;  ///< of the message it is a field of
  FieldKind kind = FieldKind::kUnsupported;
  bool repeated = false;
  bool required = false;
  bool non_negative = false;
  std::size_t index = 0;
  const MessageSchema* message = nullptr;  ///< of kMessage
};

struct MessageSchema {
  std::vector<FieldSchema> fields;
  FieldSet required{};
  std::vector<const FieldSchema*> slots;  ///< open addressing by name; null is free
  /// Null when there is no such field.
  const FieldSchema* find(std::string_view name) const;
};

/// A part of a natural key or the routing key.
struct KeyPart {
  enum class From : std::uint8_t { kId, kSource, kSubject, kData };
  From from = From::kSubject;
  std::string path;
  const FieldSchema* field = nullptr;  ///< of kData
};

struct EventSchema {
  std::string type;
  const google::protobuf::Message* prototype = nullptr;
  const MessageSchema* message = nullptr;
  std::vector<KeyPart> natural_key;
  std::string natural_key_kind;
  KeyPart routing_key;
};

class SchemaSet {
 public:
  SchemaSet(const std::vector<runtime::EventType>& types, const DecoderOptions& options);
  /// Null when there is no such event type.
  const EventSchema* find(std::string_view type) const;
  /// The types, for messages: `a, b`.
  std::string type_names() const;

 private:
  const MessageSchema* compile(const google::protobuf::Message& prototype,
                               const DecoderOptions& options);

  std::vector<EventSchema> events_;
  std::map<const google::protobuf::Descriptor*, std::unique_ptr<MessageSchema>> messages_;
};

/// Name of the kind in messages: text, whole number, ...
const char* name_of(FieldKind kind);

}  // namespace laurel::adapters::formats
