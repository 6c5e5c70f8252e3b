/// EnvelopeReader: the attributes of one event, whatever it came as: checked, and set.
///
/// Lifecycle  For one event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event_schema.h"
#include "laurel/contract/event.pb.h"
#include "laurel/contract/int128.h"
#include "laurel/contract/media_type.h"
#include "reject.h"

namespace laurel::adapters::formats {

enum class Attribute : std::uint8_t {
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
Attribute attribute_of(std::string_view name);

class EnvelopeReader {
 public:
  EnvelopeReader(const SchemaSet& schemas, contract::Envelope& envelope)
      : schemas_(schemas), envelope_(envelope) {}

  /// REQUIRES: an attribute whose value is text, times included; valid UTF-8 without NUL.
  bool set_text(Attribute attribute, std::string_view text, Reject& reject);
  bool set_sequence(Int128 number, Reject& reject);
  /// Of kTime or kRecordedTime. REQUIRES: is_valid_time(us).
  void set_time(Attribute attribute, std::int64_t us);

  /// There is a type, and it is known: missing-field, unknown-event-type otherwise.
  bool check_type(Reject& reject) const;
  /// Of the type; null before it was set, or when it is not known.
  const EventSchema* schema() const { return schema_; }
  contract::Envelope& envelope() { return envelope_; }
  bool has_time() const { return has_time_; }
  /// What `datacontenttype` says, without parameters, in lower case; empty: it is not there.
  const std::string& content_type() const { return content_type_; }
  bool says_protobuf() const { return content_type_ == contract::kProtobuf; }
  bool says_json() const {
    return content_type_.empty() || content_type_ == "application/json" ||
           content_type_.ends_with("+json");
  }

 private:
  const SchemaSet& schemas_;
  contract::Envelope& envelope_;
  const EventSchema* schema_ = nullptr;
  bool has_time_ = false;
  std::string content_type_;
};

}  // namespace laurel::adapters::formats
