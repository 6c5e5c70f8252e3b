#include "protobuf_data.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <memory>

#include "json.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/base64.h"
#include "laurel/runtime/event.h"

namespace laurel::adapters::formats {
namespace {

using google::protobuf::Message;
using google::protobuf::Reflection;

void append_message(std::string& out, const Message& message, const MessageSchema& schema);

void append_amount(std::string& out, const contract::Amount& amount) {
  out += "{\"units\":\"" + to_string(contract::units_of(amount)) + "\",\"asset\":";
  append_json_text(out, amount.asset());
  out += ",\"scale\":" + std::to_string(amount.scale()) + "}";
}

std::string integer_text(const Message& message, const FieldSchema& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const auto* descriptor = field.descriptor;
  switch (field.kind) {
    case FieldKind::kInt32:
      return std::to_string(index < 0 ? reflection.GetInt32(message, descriptor)
                                      : reflection.GetRepeatedInt32(message, descriptor, index));
    case FieldKind::kUint32:
      return std::to_string(index < 0 ? reflection.GetUInt32(message, descriptor)
                                      : reflection.GetRepeatedUInt32(message, descriptor, index));
    case FieldKind::kInt64:
      return std::to_string(index < 0 ? reflection.GetInt64(message, descriptor)
                                      : reflection.GetRepeatedInt64(message, descriptor, index));
    default:
      return std::to_string(index < 0 ? reflection.GetUInt64(message, descriptor)
                                      : reflection.GetRepeatedUInt64(message, descriptor, index));
  }
}

/// `index`: of a repeated field; -1: it is none.
void append_value(std::string& out, const Message& message, const FieldSchema& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const auto* descriptor = field.descriptor;
  switch (field.kind) {
    case FieldKind::kString:
      append_json_text(out, index < 0 ? reflection.GetString(message, descriptor)
                                      : reflection.GetRepeatedString(message, descriptor, index));
      return;
    case FieldKind::kEnum: {
      const int number = index < 0 ? reflection.GetEnumValue(message, descriptor)
                                   : reflection.GetRepeatedEnumValue(message, descriptor, index);
      const auto* value = descriptor->enum_type()->FindValueByNumber(number);
      append_json_text(out, value != nullptr ? value->name() : std::to_string(number));
      return;
    }
    case FieldKind::kBool: {
      const bool flag = index < 0 ? reflection.GetBool(message, descriptor)
                                  : reflection.GetRepeatedBool(message, descriptor, index);
      out += flag ? "true" : "false";
      return;
    }
    case FieldKind::kAmount:
    case FieldKind::kMessage: {
      const Message& inner = index < 0 ? reflection.GetMessage(message, descriptor)
                                       : reflection.GetRepeatedMessage(message, descriptor, index);
      if (field.kind == FieldKind::kAmount) {
        append_amount(out, static_cast<const contract::Amount&>(inner));
      } else {
        append_message(out, inner, *field.message);
      }
      return;
    }
    case FieldKind::kUnsupported:
      out += "true";  // refused by whoever reads it
      return;
    default:
      out += integer_text(message, field, index);
  }
}

bool is_there(const Message& message, const FieldSchema& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.repeated) return reflection.FieldSize(message, field.descriptor) > 0;
  // Nobody can tell a number that was not sent from a zero.
  const bool number = field.kind == FieldKind::kInt32 || field.kind == FieldKind::kUint32 ||
                      field.kind == FieldKind::kInt64 || field.kind == FieldKind::kUint64;
  return number || reflection.HasField(message, field.descriptor);
}

// As deep as the message, which the parser has bounded.
void append_message(std::string& out, const Message& message, const MessageSchema& schema) {
  out.push_back('{');
  const auto name = [&out](std::string_view text) {
    if (out.back() != '{') out.push_back(',');
    append_json_text(out, text);
    out.push_back(':');
  };
  for (const FieldSchema& field : schema.fields) {
    if (!is_there(message, field)) continue;
    name(field.name);
    if (!field.repeated) {
      append_value(out, message, field, -1);
      continue;
    }
    out.push_back('[');
    const int count = message.GetReflection()->FieldSize(message, field.descriptor);
    for (int i = 0; i < count; ++i) {
      if (i > 0) out.push_back(',');
      append_value(out, message, field, i);
    }
    out.push_back(']');
  }
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  if (!unknown.empty()) {
    std::string bytes;
    unknown.SerializeToString(&bytes);
    name("unknown_fields");
    append_json_text(out, contract::base64(bytes));
  }
  out.push_back('}');
}

}  // namespace

bool json_of_protobuf(std::string_view bytes, const Message& prototype, const MessageSchema& schema,
                      std::string& json, Reject& reject) {
  const google::protobuf::LogSilencer silence;  // it tells of bad UTF-8 on stderr
  const std::unique_ptr<Message> message(prototype.New());
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return reject.set(reject::kMalformedProtobuf,
                      "is no " + prototype.GetDescriptor()->full_name());
  }
  append_message(json, *message, schema);
  if (json.size() > contract::kEventBytesMax) {
    return reject.set(reject::kEventTooLarge, std::to_string(json.size()) +
                                                  " bytes as JSON; an event may have " +
                                                  std::to_string(contract::kEventBytesMax));
  }
  return true;
}

}  // namespace laurel::adapters::formats
