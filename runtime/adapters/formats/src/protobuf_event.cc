#include "protobuf_event.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/time_util.h>

#include <cstring>
#include <map>

#include "envelope.h"
#include "event_builder.h"
#include "event_data.h"
#include "laurel/contract/base64.h"
#include "laurel/contract/cloud_events.pb.h"
#include "laurel/contract/rfc3339.h"
#include "unknown_members.h"

namespace laurel::adapters::formats {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;
using io::cloudevents::v1::CloudEvent;
using Value = CloudEvent::CloudEventAttributeValue;

bool check_no_nul(std::string_view text, Reject& reject) {
  if (text.empty() || std::memchr(text.data(), 0, text.size()) == nullptr) return true;
  return reject.set(reject::kNulByte, "the text holds a NUL");
}

bool is_text(const Value& value) {
  return value.attr_case() == Value::kCeString || value.attr_case() == Value::kCeUri ||
         value.attr_case() == Value::kCeUriRef;
}

const std::string& text_of(const Value& value) {
  switch (value.attr_case()) {
    case Value::kCeUri:
      return value.ce_uri();
    case Value::kCeUriRef:
      return value.ce_uri_ref();
    default:
      return value.ce_string();
  }
}

bool check_timestamp(const Timestamp& time, Reject& reject) {
  if (time.seconds() >= TimeUtil::kTimestampMinSeconds &&
      time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
      time.nanos() < 1'000'000'000) {
    return true;
  }
  return reject.set(reject::kBadTime, "is no google.protobuf.Timestamp of the years 1 to 9999");
}

// Decodes the parts of one event. Lives for that event.
class ProtobufEvent {
 public:
  ProtobufEvent(const SchemaSet& schemas, const DecoderOptions& options,
                google::protobuf::Arena& arena, contract::Envelope& envelope)
      : options_(options), attributes_(schemas, envelope), data_(options, arena) {}

  bool decode(std::string_view record, runtime::Event& event, Reject& reject) {
    const google::protobuf::LogSilencer silence;  // it tells of bad UTF-8 on stderr
    CloudEvent in;
    if (!in.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
      return reject.set(reject::kMalformedProtobuf, "is no " + in.GetDescriptor()->full_name());
    }
    if (!read_envelope(in, reject) || !attributes_.check_type(reject)) return false;
    const EventSchema& schema = *attributes_.schema();
    if (!read_data(in, schema, reject)) return reject.in("data");
    contract::Envelope& envelope = attributes_.envelope();
    if (!unknown_.empty()) envelope.set_unknown_json(unknown_.text());
    return finish_event(schema, options_, envelope, attributes_.has_time(), *data_.message(),
                        data_.arena(), event, reject);
  }

 private:
  bool read_envelope(const CloudEvent& in, Reject& reject) {
    if (!set_text(Attribute::kId, in.id(), reject)) return reject.in("id");
    if (!set_text(Attribute::kSource, in.source(), reject)) return reject.in("source");
    if (!set_text(Attribute::kType, in.type(), reject)) return reject.in("type");
    if (!in.spec_version().empty() &&
        !set_text(Attribute::kSpecVersion, in.spec_version(), reject)) {
      return reject.in("specversion");
    }
    // By name: one event has one canonical form, whatever order a map has here.
    std::map<std::string_view, const Value*> sorted;
    for (const auto& [name, value] : in.attributes()) sorted.emplace(name, &value);
    for (const auto& [name, value] : sorted) {
      if (!check_no_nul(name, reject)) return false;
      if (!read_attribute(name, *value, reject)) return reject.in(name);
    }
    const auto& later = in.GetReflection()->GetUnknownFields(in);
    if (later.empty()) return true;
    std::string bytes;
    later.SerializeToString(&bytes);
    return unknown_.keep_json("unknown_fields", '"' + contract::base64(bytes) + '"', reject);
  }

  bool set_text(Attribute attribute, std::string_view text, Reject& reject) {
    return check_no_nul(text, reject) && attributes_.set_text(attribute, text, reject);
  }

  bool read_attribute(std::string_view name, const Value& value, Reject& reject) {
    const Attribute attribute = attribute_of(name);
    switch (attribute) {
      case Attribute::kId:
      case Attribute::kSource:
      case Attribute::kType:
      case Attribute::kSpecVersion:
      case Attribute::kData:
      case Attribute::kDataBase64:
        return reject.set(reject::kMalformedProtobuf, "is no name for one of the attributes");
      case Attribute::kOther:
        return keep_unknown(name, value, reject);
      case Attribute::kSequence:
        return read_sequence(value, reject);
      case Attribute::kTime:
      case Attribute::kRecordedTime:
        if (value.has_ce_timestamp()) return read_time(attribute, value.ce_timestamp(), reject);
        [[fallthrough]];
      default:
        if (is_text(value)) return set_text(attribute, text_of(value), reject);
        return reject_type("text", reject);
    }
  }

  bool read_sequence(const Value& value, Reject& reject) {
    if (value.attr_case() == Value::kCeInteger) {
      return attributes_.set_sequence(value.ce_integer(), reject);
    }
    const auto number = is_text(value) ? parse_int128(text_of(value)) : std::nullopt;
    if (!number) return reject_type("a whole number, or a text that holds one", reject);
    return attributes_.set_sequence(*number, reject);
  }

  bool read_time(Attribute attribute, const Timestamp& time, Reject& reject) {
    if (!check_timestamp(time, reject)) return false;
    const std::int64_t us = time.seconds() * 1'000'000 + time.nanos() / 1000;
    if (!contract::is_valid_time(us))
      return reject.set(reject::kBadTime, "is no time of 1970 to 2199");
    attributes_.set_time(attribute, us);
    return true;
  }

  bool keep_unknown(std::string_view name, const Value& value, Reject& reject) {
    std::string json;
    switch (value.attr_case()) {
      case Value::kCeBoolean:
        json = value.ce_boolean() ? "true" : "false";
        break;
      case Value::kCeInteger:
        json = std::to_string(value.ce_integer());
        break;
      case Value::kCeBytes:
        append_json_text(json, contract::base64(value.ce_bytes()));
        break;
      case Value::kCeTimestamp:
        if (!check_timestamp(value.ce_timestamp(), reject)) return false;
        append_json_text(json, TimeUtil::ToString(value.ce_timestamp()));
        break;
      case Value::ATTR_NOT_SET:
        return reject.set(reject::kMalformedProtobuf, "has no value of a kind that is known");
      default:
        if (!check_no_nul(text_of(value), reject)) return false;
        append_json_text(json, text_of(value));
    }
    return unknown_.keep_json(name, json, reject);
  }

  bool read_data(const CloudEvent& in, const EventSchema& schema, Reject& reject) {
    switch (in.data_case()) {
      case CloudEvent::kBinaryData:
        if (attributes_.says_protobuf()) {
          return data_.read_protobuf(in.binary_data(), schema, unknown_, reject);
        }
        return read_json(in.binary_data(), schema, reject);
      case CloudEvent::kTextData:
        return read_json(in.text_data(), schema, reject);
      case CloudEvent::kProtoData:
        return read_any(in.proto_data(), schema, reject);
      case CloudEvent::DATA_NOT_SET:
        break;
    }
    return data_.read_nothing(schema, reject);
  }

  bool read_json(std::string_view json, const EventSchema& schema, Reject& reject) {
    if (attributes_.says_json()) return data_.read_json(json, schema, unknown_, reject);
    return reject.set(reject::kWrongType,
                      "is read as JSON, in bytes also as protobuf: "
                      "datacontenttype " +
                          in_quotes(attributes_.content_type()) + " is neither");
  }

  bool read_any(const google::protobuf::Any& any, const EventSchema& schema, Reject& reject) {
    const std::string_view url = any.type_url();
    const std::string& wanted = schema.prototype->GetDescriptor()->full_name();
    if (url.substr(url.rfind('/') + 1) != wanted) {
      return reject.set(reject::kWrongType,
                        in_quotes(url) + " is not the message of the type, " + wanted);
    }
    return data_.read_protobuf(any.value(), schema, unknown_, reject);
  }

  const DecoderOptions& options_;
  EnvelopeReader attributes_;
  EventData data_;
  UnknownMembers unknown_;
};

}  // namespace

bool decode_protobuf_event(std::string_view record, const SchemaSet& schemas,
                           const DecoderOptions& options, google::protobuf::Arena& arena,
                           contract::Envelope& envelope, runtime::Event& event, Reject& reject) {
  return ProtobufEvent(schemas, options, arena, envelope).decode(record, event, reject);
}

}  // namespace laurel::adapters::formats
