#include "event_data.h"

#include "amount_text.h"
#include "event_builder.h"
#include "protobuf_data.h"

namespace laurel::adapters::formats {
namespace {

using google::protobuf::Message;

// The walk over the members of the data, by the tables of its type.
class Walk {
 public:
  explicit Walk(const DecoderOptions& options) : options_(options) {}

  bool read_message(ondemand::object& object, const MessageSchema& schema, Message& message,
                    int depth, UnknownMembers& unknown, Reject& reject) {
    FieldSet met{};
    FieldSet seen{};
    for (auto member : object) {
      ondemand::field json_field;
      if (const auto error = std::move(member).get(json_field)) return reject_json(error, reject);
      std::string_view key;
      if (!read_key(json_field, key, reject)) return false;
      const FieldSchema* field = schema.find(key);
      if (field == nullptr) {
        if (!unknown.keep(key, json_field.value(), depth, reject)) return false;
        continue;
      }
      if (contains(met, field->index)) return reject_twice(key, reject);
      insert(met, field->index);
      ondemand::value value = json_field.value();
      if (is_null(value)) continue;
      insert(seen, field->index);
      const bool ok = field->repeated
                          ? read_repeated(value, *field, message, depth, unknown, reject)
                          : read_field(value, *field, message, depth, unknown, field->name, reject);
      if (!ok) return reject.in(field->name);
    }
    return check_required(schema, seen, reject);
  }

 private:
  bool read_repeated(ondemand::value& value, const FieldSchema& field, Message& message, int depth,
                     UnknownMembers& unknown, Reject& reject) {
    if (depth + 1 > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) {
      if (error == simdjson::INCORRECT_TYPE) return reject_type("an array", reject);
      return reject_json(error, reject);
    }
    UnknownMembers elements;  // by their index
    std::size_t index = 0;
    for (auto element : array) {
      ondemand::value inner;
      if (const auto error = element.get(inner)) return reject_json(error, reject);
      if (!read_field(inner, field, message, depth + 1, elements, std::to_string(index), reject)) {
        return reject.in(std::to_string(index));
      }
      ++index;
    }
    return unknown.keep(field.name, elements, reject);
  }

  /// `name`: what members of it that are not known are kept under.
  bool read_field(ondemand::value& value, const FieldSchema& field, Message& message, int depth,
                  UnknownMembers& unknown, const std::string& name, Reject& reject) {
    switch (field.kind) {
      case FieldKind::kString:
      case FieldKind::kEnum: {
        std::string_view text;
        return read_text(value, text, reject) && set_text(field, text, message, reject);
      }
      case FieldKind::kBool: {
        bool flag = false;
        if (!read_bool(value, flag, reject)) return false;
        set_bool(field, flag, message);
        return true;
      }
      case FieldKind::kInt32:
      case FieldKind::kUint32:
      case FieldKind::kInt64:
      case FieldKind::kUint64: {
        Int128 number = 0;
        return read_integer(value, number, reject) && set_integer(field, number, message, reject);
      }
      case FieldKind::kAmount:
      case FieldKind::kMessage: {
        ondemand::object object;
        if (!open_value(value, depth + 1, object, reject)) return false;
        const auto& reflection = *field.reflection;
        Message* inner = field.repeated ? reflection.AddMessage(&message, field.descriptor)
                                        : reflection.MutableMessage(&message, field.descriptor);
        UnknownMembers inner_unknown;
        const bool ok =
            field.kind == FieldKind::kAmount
                ? read_amount(object, field, static_cast<contract::Amount&>(*inner), depth + 1,
                              inner_unknown, reject)
                : read_message(object, *field.message, *inner, depth + 1, inner_unknown, reject);
        return ok && unknown.keep(name, inner_unknown, reject);
      }
      case FieldKind::kUnsupported:
        break;
    }
    return reject_type(name_of(field.kind), reject);
  }

  bool read_amount(ondemand::object& object, const FieldSchema& field, contract::Amount& amount,
                   int depth, UnknownMembers& unknown, Reject& reject) {
    constexpr std::uint8_t kUnits = 1;
    constexpr std::uint8_t kAsset = 2;
    constexpr std::uint8_t kScale = 4;
    std::uint8_t met = 0;
    Int128 units = 0;
    std::string_view asset;
    std::uint32_t scale = 0;
    for (auto member : object) {
      ondemand::field json_field;
      if (const auto error = std::move(member).get(json_field)) return reject_json(error, reject);
      std::string_view key;
      if (!read_key(json_field, key, reject)) return false;
      const std::uint8_t bit = key == "units"   ? kUnits
                               : key == "asset" ? kAsset
                               : key == "scale" ? kScale
                                                : std::uint8_t{0};
      if (bit == 0) {
        if (!unknown.keep(key, json_field.value(), depth, reject)) return false;
        continue;
      }
      if ((met & bit) != 0) return reject_twice(key, reject);
      met = static_cast<std::uint8_t>(met | bit);
      if (!read_amount_member(bit == kUnits, bit == kAsset, json_field.value(), units, asset, scale,
                              reject)) {
        return reject.in(key);
      }
    }
    if (met != (kUnits | kAsset | kScale)) {
      return reject.set(reject::kBadAmount, "has to have units, asset and scale");
    }
    return set_amount(units, asset, scale, field.non_negative, options_, amount, reject);
  }

  static bool read_amount_member(bool is_units, bool is_asset_name, ondemand::value& value,
                                 Int128& units, std::string_view& asset, std::uint32_t& scale,
                                 Reject& reject) {
    if (is_asset_name) return read_text(value, asset, reject);
    std::string_view token = scalar_token(value);
    if (is_units) {
      if (!token.empty() && token.front() == '"') {
        if (!read_text(value, token, reject)) return false;
      } else if (!is_number(token)) {
        return reject_type("a whole number of minor units, such as \"123\"", reject);
      }
      return parse_units(token, units, reject);
    }
    Int128 number = 0;
    if (!read_integer(value, number, reject)) return false;
    if (number < 0 || number > kScaleMax) {
      return reject.set(reject::kBadAmount, "is out of range; allowed: 0 to 38");
    }
    scale = static_cast<std::uint32_t>(number);
    return true;
  }

  const DecoderOptions& options_;
};

}  // namespace

bool open_value(ondemand::value& value, int depth, ondemand::object& object, Reject& reject) {
  if (depth > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
  if (const auto error = value.get_object().get(object)) {
    if (error == simdjson::INCORRECT_TYPE) return reject_type("an object", reject);
    return reject_json(error, reject);
  }
  return true;
}

bool EventData::read_object(ondemand::object& object, const EventSchema& schema,
                            UnknownMembers& unknown, Reject& reject) {
  message_ = schema.prototype->New(&arena_);
  UnknownMembers inner;
  return Walk(options_).read_message(object, *schema.message, *message_, 2, inner, reject) &&
         unknown.keep("data", inner, reject);
}

bool EventData::read_json(std::string_view json, const EventSchema& schema, UnknownMembers& unknown,
                          Reject& reject) {
  ondemand::document document;
  ondemand::object object;
  return open_object(json, document, object, reject) &&
         read_object(object, schema, unknown, reject) && check_at_end(document, reject);
}

bool EventData::read_protobuf(std::string_view bytes, const EventSchema& schema,
                              UnknownMembers& unknown, Reject& reject) {
  std::string json;
  return json_of_protobuf(bytes, *schema.prototype, *schema.message, json, reject) &&
         read_json(json, schema, unknown, reject);
}

bool EventData::read_nothing(const EventSchema& schema, Reject& reject) {
  message_ = schema.prototype->New(&arena_);
  return check_required(*schema.message, FieldSet{}, reject);
}

}  // namespace laurel::adapters::formats
