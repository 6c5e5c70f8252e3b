#include "envelope.h"

#include "event_builder.h"
#include "laurel/contract/rfc3339.h"

namespace laurel::adapters::formats {

Attribute attribute_of(std::string_view name) {
  using enum Attribute;
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

bool EnvelopeReader::set_text(Attribute attribute, std::string_view text, Reject& reject) {
  switch (attribute) {
    case Attribute::kId:
      envelope_.set_id(std::string(text));
      return true;
    case Attribute::kSource:
      envelope_.set_source(std::string(text));
      return true;
    case Attribute::kType:
      envelope_.set_type(std::string(text));
      schema_ = schemas_.find(text);
      return true;
    case Attribute::kSubject:
      if (!is_player_id(text)) {
        return reject.set(reject::kBadPlayerId,
                          in_quotes(text) + " is no player id; allowed: [A-Za-z0-9._~:-]{1,64}");
      }
      envelope_.set_subject(std::string(text));
      return true;
    case Attribute::kTime:
    case Attribute::kRecordedTime: {
      const auto us = contract::parse_rfc3339(text);
      if (!us || !contract::is_valid_time(*us)) {
        return reject.set(reject::kBadTime, in_quotes(text) +
                                                " is no time of 1970 to 2199, such as "
                                                "2026-02-16T18:00:00.123456Z");
      }
      set_time(attribute, *us);
      return true;
    }
    case Attribute::kPartitionKey:
      envelope_.set_partition_key(std::string(text));
      return true;
    case Attribute::kDataSchema:
      envelope_.set_data_schema(std::string(text));
      return true;
    case Attribute::kTraceParent:
      envelope_.set_traceparent(std::string(text));
      return true;
    case Attribute::kContentType:
      content_type_ = contract::media_type(text);
      return true;
    case Attribute::kSpecVersion:
      if (text != "1.0") return reject.set(reject::kWrongType, "is not supported; allowed: 1.0");
      return true;
    default:
      return true;
  }
}

bool EnvelopeReader::set_sequence(Int128 number, Reject& reject) {
  if (number < 0 || number > Int128{~std::uint64_t{0}}) {
    return reject.set(reject::kWrongType, "is out of range; allowed: 0 to 2^64 - 1");
  }
  envelope_.set_sequence(static_cast<std::uint64_t>(number));
  return true;
}

void EnvelopeReader::set_time(Attribute attribute, std::int64_t us) {
  if (attribute == Attribute::kTime) {
    envelope_.set_time_us(us);
    has_time_ = true;
  } else {
    envelope_.set_recorded_time_us(us);
  }
}

bool EnvelopeReader::check_type(Reject& reject) const {
  if (envelope_.type().empty()) {
    reject.set(reject::kMissingField, "is required");
    return reject.in("type");
  }
  if (schema_ == nullptr) {
    reject.set(reject::kUnknownEventType,
               in_quotes(envelope_.type()) + " is not known; known: " + schemas_.type_names());
    return reject.in("type");
  }
  return true;
}

}  // namespace laurel::adapters::formats
