#include "json_event.h"

#include "envelope.h"
#include "event_builder.h"
#include "event_data.h"
#include "json.h"
#include "laurel/contract/base64.h"
#include "unknown_members.h"

namespace laurel::adapters::formats {
namespace {

// Decodes the parts of one event. Lives for that event.
class JsonEvent {
 public:
  JsonEvent(const SchemaSet& schemas, const DecoderOptions& options, google::protobuf::Arena& arena,
            contract::Envelope& envelope)
      : options_(options), attributes_(schemas, envelope), data_(options, arena) {}

  bool decode(std::string_view record, runtime::Event& event, Reject& reject) {
    ondemand::document document;
    ondemand::object root;
    if (!open_object(record, document, root, reject)) return false;
    if (!read_envelope(root, reject) || !check_at_end(document, reject)) return false;
    if (!attributes_.check_type(reject)) return false;
    const EventSchema& schema = *attributes_.schema();
    if (has_base64_ && !read_base64(schema, reject)) return reject.in("data_base64");
    // The data came before the type: read it now that the type is known.
    if (data_.message() == nullptr && has_data_ && !read_data_again(document, reject)) return false;
    if (data_.message() == nullptr && !data_.read_nothing(schema, reject)) return reject.in("data");
    contract::Envelope& envelope = attributes_.envelope();
    if (!unknown_.empty()) envelope.set_unknown_json(unknown_.text());
    return finish_event(schema, options_, envelope, attributes_.has_time(), *data_.message(),
                        data_.arena(), event, reject);
  }

 private:
  bool read_envelope(ondemand::object& root, Reject& reject) {
    std::uint32_t met = 0;
    for (auto member : root) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return reject_json(error, reject);
      std::string_view key;
      if (!read_key(field, key, reject)) return false;
      const Attribute attribute = attribute_of(key);
      if (attribute == Attribute::kOther) {
        if (!unknown_.keep(key, field.value(), 1, reject)) return false;
        continue;
      }
      const std::uint32_t bit = 1U << static_cast<unsigned>(attribute);
      if ((met & bit) != 0) return reject_twice(key, reject);
      met |= bit;
      ondemand::value value = field.value();
      if (is_null(value)) continue;
      if (attribute == Attribute::kData ? !read_data(value, reject)
                                        : !read_attribute(attribute, value, reject)) {
        return reject.in(key);
      }
    }
    return true;
  }

  bool read_attribute(Attribute attribute, ondemand::value& value, Reject& reject) {
    if (attribute == Attribute::kSequence) {
      Int128 number = 0;
      return read_integer(value, number, reject) && attributes_.set_sequence(number, reject);
    }
    std::string_view text;
    if (!read_text(value, text, reject)) return false;
    if (attribute != Attribute::kDataBase64) return attributes_.set_text(attribute, text, reject);
    base64_ = text;
    has_base64_ = true;
    return true;
  }

  bool read_data(ondemand::value& value, Reject& reject) {
    has_data_ = true;
    const EventSchema* const schema = attributes_.schema();
    if (schema == nullptr) return walk_value(value, 1, nullptr, reject);
    ondemand::object object;
    return open_value(value, 2, object, reject) &&
           data_.read_object(object, *schema, unknown_, reject);
  }

  // Behind the envelope: the thread's buffer is free again.
  bool read_base64(const EventSchema& schema, Reject& reject) {
    if (has_data_) return reject.set(reject::kMalformedJson, "is there beside data");
    if (!attributes_.says_protobuf()) {
      return reject.set(reject::kWrongType,
                        "is read as protobuf: datacontenttype has to be application/protobuf");
    }
    const auto bytes = contract::from_base64(base64_);
    if (!bytes) {
      return reject.set(reject::kBadBase64, "is no base64 (RFC 4648, with padding)");
    }
    return data_.read_protobuf(*bytes, schema, unknown_, reject);
  }

  bool read_data_again(ondemand::document& document, Reject& reject) {
    document.rewind();
    ondemand::object root;
    if (const auto error = document.get_object().get(root)) return reject_json(error, reject);
    ondemand::value value;
    if (const auto error = root.find_field("data").get(value)) return reject_json(error, reject);
    return read_data(value, reject) || reject.in("data");
  }

  const DecoderOptions& options_;
  EnvelopeReader attributes_;
  EventData data_;
  UnknownMembers unknown_;
  bool has_data_ = false;
  std::string base64_;
  bool has_base64_ = false;
};

}  // namespace

bool decode_json_event(std::string_view record, const SchemaSet& schemas,
                       const DecoderOptions& options, google::protobuf::Arena& arena,
                       contract::Envelope& envelope, runtime::Event& event, Reject& reject) {
  return JsonEvent(schemas, options, arena, envelope).decode(record, event, reject);
}

}  // namespace laurel::adapters::formats
