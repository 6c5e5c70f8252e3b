#include "laurel/adapters/formats/cloud_events_decoder.h"

#include <set>

#include "amount_text.h"
#include "event_builder.h"
#include "event_schema.h"
#include "json.h"
#include "protobuf_data.h"
#include "time_text.h"

namespace laurel::adapters::formats {
namespace {

using google::protobuf::Message;

// Members that no field is for, kept as they came.
class Unknown {
 public:
  bool empty() const { return members_.empty(); }
  /// `{"name":value,...}`
  std::string text() const { return '{' + members_ + '}'; }

  bool keep(std::string_view name, ondemand::value value, int depth, Reject& reject) {
    if (!begin(name, reject)) return false;
    if (!walk_value(value, depth, &members_, reject)) return reject.in(name);
    return true;
  }
  bool keep(std::string_view name, const Unknown& inner, Reject& reject) {
    if (inner.empty()) return true;
    if (!begin(name, reject)) return false;
    members_ += inner.text();
    return true;
  }

 private:
  bool begin(std::string_view name, Reject& reject) {
    if (!names_.emplace(name).second) return reject_twice(name, reject);
    if (!members_.empty()) members_.push_back(',');
    append_json_text(members_, name);
    members_.push_back(':');
    return true;
  }

  std::string members_;
  std::set<std::string, std::less<>> names_;
};

bool is_null(ondemand::value& value) {
  const std::string_view token = value.raw_json_token();
  return !token.empty() && token.front() == 'n' && scalar_token(value) == "null";
}

bool open_value(ondemand::value value, int depth, ondemand::object& object, Reject& reject) {
  if (depth > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
  if (const auto error = value.get_object().get(object)) {
    if (error == simdjson::INCORRECT_TYPE) return reject_type("an object", reject);
    return reject_json(error, reject);
  }
  return true;
}

// Decodes the parts of one event. Lives for that event.
class JsonEvent {
 public:
  JsonEvent(const SchemaSet& schemas, const DecoderOptions& options, google::protobuf::Arena& arena,
            contract::Envelope& envelope)
      : schemas_(schemas), options_(options), arena_(arena), envelope_(envelope) {}

  bool decode(std::string_view record, runtime::Event& event, Reject& reject) {
    ondemand::document document;
    ondemand::object root;
    if (!open_object(record, document, root, reject)) return false;
    if (!read_envelope(root, reject) || !check_at_end(document, reject)) return false;
    if (envelope_.type().empty()) {
      reject.set(reject::kMissingField, "is required");
      return reject.in("type");
    }
    if (schema_ == nullptr) {
      reject.set(reject::kUnknownEventType,
                 in_quotes(envelope_.type()) + " is not known; known: " + schemas_.type_names());
      return reject.in("type");
    }
    if (has_base64_ && !read_protobuf(reject)) return reject.in("data_base64");
    // The data came before the type: read it now that the type is known.
    if (data_ == nullptr && has_data_ && !read_data_again(document, reject)) return false;
    if (data_ == nullptr) {
      data_ = schema_->prototype->New(&arena_);
      if (!check_required(*schema_->message, FieldSet{}, reject)) return reject.in("data");
    }
    if (!unknown_.empty()) envelope_.set_unknown_json(unknown_.text());
    return finish_event(*schema_, options_, envelope_, has_time_, *data_, event, reject);
  }

 private:
  enum Attribute : std::uint8_t {
    kId,
    kSource,
    kType,
    kSubject,
    kTime,
    kRecordedTime,
    kSequence,
    kPartitionKey,
    kDataSchema,
    kTraceParent,
    kContentType,
    kSpecVersion,
    kData,
    kDataBase64,
    kOther
  };

  static Attribute attribute_of(std::string_view name) {
    switch (name.size()) {
      case 2:
        return name == "id" ? kId : kOther;
      case 4:
        return name == "type" ? kType : name == "time" ? kTime : name == "data" ? kData : kOther;
      case 6:
        return name == "source" ? kSource : kOther;
      case 7:
        return name == "subject" ? kSubject : kOther;
      case 8:
        return name == "sequence" ? kSequence : kOther;
      case 10:
        return name == "dataschema" ? kDataSchema : kOther;
      case 11:
        if (name == "data_base64") return kDataBase64;
        return name == "traceparent" ? kTraceParent : name == "specversion" ? kSpecVersion : kOther;
      case 12:
        return name == "recordedtime"   ? kRecordedTime
               : name == "partitionkey" ? kPartitionKey
                                        : kOther;
      case 15:
        return name == "datacontenttype" ? kContentType : kOther;
      default:
        return kOther;
    }
  }

  bool read_envelope(ondemand::object& root, Reject& reject) {
    std::uint32_t met = 0;
    for (auto member : root) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return reject_json(error, reject);
      std::string_view key;
      if (!read_key(field, key, reject)) return false;
      const Attribute attribute = attribute_of(key);
      if (attribute == kOther) {
        if (!unknown_.keep(key, field.value(), 1, reject)) return false;
        continue;
      }
      const std::uint32_t bit = 1U << attribute;
      if ((met & bit) != 0) return reject_twice(key, reject);
      met |= bit;
      ondemand::value value = field.value();
      if (is_null(value)) continue;
      if (attribute == kData ? !read_data(value, reject)
                             : !read_attribute(attribute, value, reject)) {
        return reject.in(key);
      }
    }
    return true;
  }

  bool read_attribute(Attribute attribute, ondemand::value value, Reject& reject) {
    if (attribute == kSequence) {
      Int128 number = 0;
      if (!read_integer(value, number, reject)) return false;
      if (number < 0 || number > Int128{~std::uint64_t{0}}) {
        return reject.set(reject::kWrongType, "is out of range; allowed: 0 to 2^64 - 1");
      }
      envelope_.set_sequence(static_cast<std::uint64_t>(number));
      return true;
    }
    std::string_view text;
    if (!read_text(value, text, reject)) return false;
    switch (attribute) {
      case kId:
        envelope_.set_id(text.data(), text.size());
        return true;
      case kSource:
        envelope_.set_source(text.data(), text.size());
        return true;
      case kType:
        envelope_.set_type(text.data(), text.size());
        schema_ = schemas_.find(text);
        return true;
      case kSubject:
        if (!is_player_id(text)) {
          return reject.set(reject::kBadPlayerId,
                            in_quotes(text) + " is no player id; allowed: [A-Za-z0-9._~:-]{1,64}");
        }
        envelope_.set_subject(text.data(), text.size());
        return true;
      case kTime:
      case kRecordedTime: {
        const auto us = parse_rfc3339(text);
        if (!us) {
          return reject.set(reject::kBadTime, in_quotes(text) +
                                                  " is no time of 1970 to 2199, such as "
                                                  "2026-02-16T18:00:00.123456Z");
        }
        if (attribute == kTime) {
          envelope_.set_time_us(*us);
          has_time_ = true;
        } else {
          envelope_.set_recorded_time_us(*us);
        }
        return true;
      }
      case kPartitionKey:
        envelope_.set_partition_key(text.data(), text.size());
        return true;
      case kDataSchema:
        envelope_.set_data_schema(text.data(), text.size());
        return true;
      case kTraceParent:
        envelope_.set_traceparent(text.data(), text.size());
        return true;
      case kContentType:
        protobuf_ = text == "application/protobuf";
        return true;
      case kDataBase64:
        base64_ = text;
        has_base64_ = true;
        return true;
      case kSpecVersion:
        if (text != "1.0") return reject.set(reject::kWrongType, "is not supported; allowed: 1.0");
        return true;
      default:
        return true;
    }
  }

  bool read_data(ondemand::value value, Reject& reject) {
    has_data_ = true;
    if (schema_ == nullptr) return walk_value(value, 1, nullptr, reject);
    ondemand::object object;
    if (!open_value(value, 2, object, reject)) return false;
    return fill_data(object, reject);
  }

  bool fill_data(ondemand::object& object, Reject& reject) {
    data_ = schema_->prototype->New(&arena_);
    Unknown unknown;
    return read_message(object, *schema_->message, *data_, 2, unknown, reject) &&
           unknown_.keep("data", unknown, reject);
  }

  // Behind the envelope: the thread's buffer is free again.
  bool read_protobuf(Reject& reject) {
    if (has_data_) return reject.set(reject::kMalformedJson, "is there beside data");
    if (!protobuf_) {
      return reject.set(reject::kWrongType,
                        "is read as protobuf: datacontenttype has to be application/protobuf");
    }
    std::string text;
    if (!json_of_protobuf(base64_, *schema_->prototype, *schema_->message, text, reject)) {
      return false;
    }
    ondemand::document document;
    ondemand::object object;
    return open_object(text, document, object, reject) && fill_data(object, reject);
  }

  bool read_data_again(ondemand::document& document, Reject& reject) {
    document.rewind();
    ondemand::object root;
    if (const auto error = document.get_object().get(root)) return reject_json(error, reject);
    ondemand::value value;
    if (const auto error = root.find_field("data").get(value)) return reject_json(error, reject);
    return read_data(value, reject) || reject.in("data");
  }

  bool read_message(ondemand::object& object, const MessageSchema& schema, Message& message,
                    int depth, Unknown& unknown, Reject& reject) {
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

  bool read_repeated(ondemand::value value, const FieldSchema& field, Message& message, int depth,
                     Unknown& unknown, Reject& reject) {
    if (depth + 1 > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) {
      if (error == simdjson::INCORRECT_TYPE) return reject_type("an array", reject);
      return reject_json(error, reject);
    }
    Unknown elements;  // by their index
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
  bool read_field(ondemand::value value, const FieldSchema& field, Message& message, int depth,
                  Unknown& unknown, const std::string& name, Reject& reject) {
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
        const auto& reflection = *message.GetReflection();
        Message* inner = field.repeated ? reflection.AddMessage(&message, field.descriptor)
                                        : reflection.MutableMessage(&message, field.descriptor);
        Unknown inner_unknown;
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
                   int depth, Unknown& unknown, Reject& reject) {
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

  static bool read_amount_member(bool is_units, bool is_asset_name, ondemand::value value,
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

  const SchemaSet& schemas_;
  const DecoderOptions& options_;
  google::protobuf::Arena& arena_;
  contract::Envelope& envelope_;
  const EventSchema* schema_ = nullptr;
  Message* data_ = nullptr;
  Unknown unknown_;
  bool has_data_ = false;
  bool has_time_ = false;
  std::string base64_;
  bool has_base64_ = false;
  bool protobuf_ = false;  ///< says datacontenttype
};

class CloudEventsDecoder : public runtime::Decoder {
 public:
  CloudEventsDecoder(const std::vector<runtime::EventType>& types, DecoderOptions options)
      : options_(std::move(options)), schemas_(types, options_) {}

  void decode(const runtime::RawRecord& record, google::protobuf::Arena& arena,
              runtime::Event& event) const override {
    if (reject_size(record, event)) return;
    auto* envelope = google::protobuf::Arena::CreateMessage<contract::Envelope>(&arena);
    Reject reject;
    if (!JsonEvent(schemas_, options_, arena, *envelope).decode(record.bytes, event, reject)) {
      set_rejected(reject, envelope, event);
    }
  }

 private:
  DecoderOptions options_;
  SchemaSet schemas_;
};

}  // namespace

std::shared_ptr<const runtime::Decoder> make_cloud_events_decoder(
    const std::vector<runtime::EventType>& types, DecoderOptions options) {
  return std::make_shared<CloudEventsDecoder>(types, std::move(options));
}

}  // namespace laurel::adapters::formats
