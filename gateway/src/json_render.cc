#include "json_render.h"

#include <cmath>

#include <boost/json.hpp>

#include "laurel/contract/amount.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

constexpr int kDepthMax = 64;

json::value render_value(const Message& message, int depth);

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

json::value render_bytes(const FieldDescriptor& field, const std::string& bytes) {
  if (ends_with_any(field.name(), {"hash", "commitment", "salt"})) return json::string(hex(bytes));
  return json::string(base64(bytes));
}

json::value render_double(double value) {
  if (std::isfinite(value)) return value;
  return json::string(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

bool is_time(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && !field.is_repeated() &&
         field.name().size() > 3 && field.name().ends_with("_us");
}

/// A field of one value, or element `index` of a repeated one.
json::value render_field(const Message& message, const FieldDescriptor& field, int index,
                         int depth) {
  const Reflection& reflection = *message.GetReflection();
  const bool many = index >= 0;
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? reflection.GetRepeatedInt32(message, &field, index)
                  : reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? reflection.GetRepeatedUInt32(message, &field, index)
                  : reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return json::string(std::to_string(many ? reflection.GetRepeatedInt64(message, &field, index)
                                              : reflection.GetInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return json::string(std::to_string(many ? reflection.GetRepeatedUInt64(message, &field, index)
                                              : reflection.GetUInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? reflection.GetRepeatedBool(message, &field, index)
                  : reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return render_double(many ? reflection.GetRepeatedDouble(message, &field, index)
                                : reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return render_double(
          static_cast<double>(many ? reflection.GetRepeatedFloat(message, &field, index)
                                   : reflection.GetFloat(message, &field)));
    case FieldDescriptor::CPPTYPE_ENUM:
      return json::string((many ? reflection.GetRepeatedEnum(message, &field, index)
                                : reflection.GetEnum(message, &field))
                              ->name());
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& text =
          many ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
               : reflection.GetStringReference(message, &field, &scratch);
      if (field.type() == FieldDescriptor::TYPE_BYTES) return render_bytes(field, text);
      return json::string(to_utf8(text));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return render_value(many ? reflection.GetRepeatedMessage(message, &field, index)
                               : reflection.GetMessage(message, &field),
                          depth + 1);
  }
  return nullptr;
}

json::value render_map(const Message& message, const FieldDescriptor& field, int depth) {
  const Reflection& reflection = *message.GetReflection();
  json::object out;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    const json::value key = render_field(entry, *entry.GetDescriptor()->map_key(), -1, depth);
    json::value value = render_field(entry, *entry.GetDescriptor()->map_value(), -1, depth);
    const std::string name = key.is_string()
                                 ? std::string(key.get_string().c_str(), key.get_string().size())
                                 : json::serialize(key);
    out[name] = std::move(value);
  }
  return out;
}

void render_raw(json::object& out, const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const std::string raw = reflection.GetString(message, &field);
  const FieldDescriptor* type = message.GetDescriptor()->FindFieldByName("content_type");
  const bool says = type != nullptr && type->type() == FieldDescriptor::TYPE_STRING &&
                    !type->is_repeated() && !reflection.GetString(message, type).empty();
  if (is_utf8(raw) && !says) {
    out["raw"] = json::string(raw);
  } else {
    out["raw_base64"] = json::string(base64(raw));
  }
}

void render_into(json::object& out, const Message& message, const FieldDescriptor& field,
                 int depth) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_map()) {
    out[field.name()] = render_map(message, field, depth);
    return;
  }
  if (field.is_repeated()) {
    json::array values;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      values.push_back(render_field(message, field, i, depth));
    }
    out[field.name()] = std::move(values);
    return;
  }
  if (field.has_presence() && !reflection.HasField(message, &field)) return;
  if (is_time(field)) {
    if (auto time = rfc3339(reflection.GetInt64(message, &field))) {
      out[field.name().substr(0, field.name().size() - 3)] = json::string(*time);
      return;
    }
  }
  if (field.type() == FieldDescriptor::TYPE_BYTES && field.name() == "raw") {
    return render_raw(out, message, field);
  }
  out[field.name()] = render_field(message, field, -1, depth);
}

json::value render_value(const Message& message, int depth) {
  if (depth > kDepthMax) return nullptr;
  if (message.GetDescriptor() == contract::Amount::descriptor()) {
    return render_amount(static_cast<const contract::Amount&>(message));
  }
  json::object out;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    render_into(out, message, *message.GetDescriptor()->field(i), depth);
  }
  return out;
}

}  // namespace

json::object render_amount(const contract::Amount& amount) {
  json::object out;
  out["units"] = to_string(contract::units_of(amount));
  out["asset"] = to_utf8(amount.asset());
  out["scale"] = amount.scale();
  return out;
}

json::object render(const Message& message) {
  json::value value = render_value(message, 0);
  return value.is_object() ? std::move(value.get_object()) : json::object();
}

}  // namespace laurel::gateway::internal
