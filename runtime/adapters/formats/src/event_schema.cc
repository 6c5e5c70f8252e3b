#include "event_schema.h"

#include <algorithm>

#include "laurel/contract/amount.pb.h"
#include "laurel/runtime/errors.h"

namespace laurel::adapters::formats {
namespace {

using google::protobuf::FieldDescriptor;

// Its length and three of its letters: names of one message seldom agree in all of these, and where
// they do, their slots are next to each other.
std::size_t hash_of(std::string_view name) {
  if (name.empty()) return 0;
  const auto letter = [&](std::size_t at) -> std::size_t {
    return static_cast<unsigned char>(name[at]);
  };
  const std::size_t h = name.size() * 0x9e3779b1U + letter(0) * 0x85ebca6bU +
                        letter(name.size() / 2) * 0xc2b2ae35U +
                        letter(name.size() - 1) * 0x27d4eb2fU;
  return h ^ (h >> 15);
}

FieldKind kind_of(const FieldDescriptor& field) {
  if (field.is_map()) return FieldKind::kUnsupported;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING ? FieldKind::kString
                                                          : FieldKind::kUnsupported;
    case FieldDescriptor::CPPTYPE_BOOL:
      return FieldKind::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
      return FieldKind::kInt32;
    case FieldDescriptor::CPPTYPE_UINT32:
      return FieldKind::kUint32;
    case FieldDescriptor::CPPTYPE_INT64:
      return FieldKind::kInt64;
    case FieldDescriptor::CPPTYPE_UINT64:
      return FieldKind::kUint64;
    case FieldDescriptor::CPPTYPE_ENUM:
      return FieldKind::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field.message_type() == contract::Amount::descriptor() ? FieldKind::kAmount
                                                                    : FieldKind::kMessage;
    default:
      return FieldKind::kUnsupported;
  }
}

KeyPart key_part(const std::string& path, const MessageSchema& message) {
  KeyPart part;
  part.path = path;
  if (path == "id") {
    part.from = KeyPart::From::kId;
  } else if (path == "source") {
    part.from = KeyPart::From::kSource;
  } else if (path == "subject") {
    part.from = KeyPart::From::kSubject;
  } else {
    LAUREL_ASSERT(path.rfind("data.", 0) == 0);
    part.from = KeyPart::From::kData;
    part.field = message.find(std::string_view(path).substr(5));
    LAUREL_ASSERT(part.field != nullptr && !part.field->repeated);
    const FieldKind kind = part.field->kind;
    LAUREL_ASSERT(kind == FieldKind::kString || kind == FieldKind::kInt32 ||
                  kind == FieldKind::kUint32 || kind == FieldKind::kInt64 ||
                  kind == FieldKind::kUint64);
  }
  return part;
}

}  // namespace

const FieldSchema* MessageSchema::find(std::string_view name) const {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = hash_of(name) & mask;
  while (slots[at] != nullptr && slots[at]->name != name) at = (at + 1) & mask;
  return slots[at];
}

const MessageSchema* SchemaSet::compile(const google::protobuf::Message& prototype,
                                        const DecoderOptions& options) {
  const google::protobuf::Descriptor& descriptor = *prototype.GetDescriptor();
  const google::protobuf::Reflection& reflection = *prototype.GetReflection();
  auto& known = messages_[&descriptor];
  if (known) return known.get();
  known = std::make_unique<MessageSchema>();
  MessageSchema& schema = *known;  // stays where it is while others are added
  const auto count = static_cast<std::size_t>(descriptor.field_count());
  LAUREL_ASSERT(count <= kFieldsMax);
  schema.fields.resize(count);
  std::size_t slots = 4;
  while (slots < count * 4) slots *= 2;
  schema.slots.assign(slots, nullptr);
  for (std::size_t i = 0; i < count; ++i) {
    const FieldDescriptor& field = *descriptor.field(static_cast<int>(i));
    FieldSchema& entry = schema.fields[i];
    entry.name = field.name();
    entry.descriptor = &field;
    entry.reflection = &reflection;
    entry.kind = kind_of(field);
    entry.repeated = field.is_repeated();
    entry.required = field.options().GetExtension(contract::required);
    entry.non_negative = std::find(options.non_negative.begin(), options.non_negative.end(),
                                   field.name()) != options.non_negative.end();
    entry.index = i;
    if (entry.required) insert(schema.required, i);
    std::size_t at = hash_of(entry.name) & (slots - 1);
    while (schema.slots[at] != nullptr) at = (at + 1) & (slots - 1);
    schema.slots[at] = &entry;
  }
  for (FieldSchema& entry : schema.fields) {
    if (entry.kind == FieldKind::kMessage) {
      entry.message = compile(
          *reflection.GetMessageFactory()->GetPrototype(entry.descriptor->message_type()), options);
    }
  }
  return &schema;
}

SchemaSet::SchemaSet(const std::vector<runtime::EventType>& types, const DecoderOptions& options) {
  for (const runtime::EventType& type : types) {
    EventSchema event;
    event.type = type.type;
    event.prototype = type.message;
    event.message = compile(*type.message, options);
    LAUREL_ASSERT(type.options.natural_key_size() > 0);
    for (const std::string& path : type.options.natural_key()) {
      event.natural_key.push_back(key_part(path, *event.message));
    }
    event.natural_key_kind = type.options.natural_key_kind();
    event.routing_key = key_part(type.options.routing_key(), *event.message);
    events_.push_back(std::move(event));
  }
}

const EventSchema* SchemaSet::find(std::string_view type) const {
  for (const EventSchema& event : events_) {
    if (event.type == type) return &event;
  }
  return nullptr;
}

std::string SchemaSet::type_names() const {
  std::string out;
  for (const EventSchema& event : events_) {
    if (!out.empty()) out += ", ";
    out += event.type;
  }
  return out;
}

const char* name_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kString:
      return "text";
    case FieldKind::kBool:
      return "true or false";
    case FieldKind::kInt32:
    case FieldKind::kUint32:
    case FieldKind::kInt64:
    case FieldKind::kUint64:
      return "a whole number";
    case FieldKind::kEnum:
      return "a name";
    case FieldKind::kAmount:
      return "an amount {units, asset, scale}";
    case FieldKind::kMessage:
      return "an object";
    case FieldKind::kUnsupported:
      return "nothing: it cannot be sent";
  }
  return "";
}

}  // namespace laurel::adapters::formats
