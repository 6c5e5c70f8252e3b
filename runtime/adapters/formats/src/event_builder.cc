#include "event_builder.h"

#include <algorithm>
#include <bit>
#include <limits>

#include <google/protobuf/io/coded_stream.h>

#include "laurel/runtime/keys.h"

namespace laurel::adapters::formats {
namespace {

using google::protobuf::Message;
using google::protobuf::Reflection;

// The text of one part of a key; `scratch` keeps it if it has to be made.
std::string_view part_text(const KeyPart& part, const contract::Envelope& envelope,
                           const Message& data, std::string& scratch) {
  switch (part.from) {
    case KeyPart::From::kId:
      return envelope.id();
    case KeyPart::From::kSource:
      return envelope.source();
    case KeyPart::From::kSubject:
      return envelope.subject();
    case KeyPart::From::kData:
      break;
  }
  const auto* field = part.field->descriptor;
  const Reflection& reflection = *part.field->reflection;
  switch (part.field->kind) {
    case FieldKind::kString:
      return reflection.GetStringReference(data, field, &scratch);
    case FieldKind::kInt32:
      scratch = std::to_string(reflection.GetInt32(data, field));
      break;
    case FieldKind::kUint32:
      scratch = std::to_string(reflection.GetUInt32(data, field));
      break;
    case FieldKind::kInt64:
      scratch = std::to_string(reflection.GetInt64(data, field));
      break;
    case FieldKind::kUint64:
      scratch = std::to_string(reflection.GetUInt64(data, field));
      break;
    default:
      scratch.clear();
  }
  return scratch;
}

bool set_keys(const EventSchema& schema, const contract::Envelope& envelope, const Message& data,
              google::protobuf::Arena& arena, runtime::Event& event, Reject& reject) {
  std::string scratch, natural_key;
  natural_key.reserve(128);
  for (const KeyPart& part : schema.natural_key) {
    const std::string_view text = part_text(part, envelope, data, scratch);
    if (text.empty() || text.size() > kKeyPartBytesMax) {
      reject.path = part.path;
      return reject.set(reject::kBadNaturalKey,
                        text.empty() ? "may not be empty" : "is longer than 256 bytes");
    }
    runtime::append_key_part(natural_key, text);
  }
  natural_key += schema.natural_key_kind;
  const std::string_view routing_key = part_text(schema.routing_key, envelope, data, scratch);
  if (routing_key.empty() || routing_key.size() > kKeyPartBytesMax) {
    reject.path = schema.routing_key.path;
    return reject.set(reject::kBadNaturalKey, "routes the event: 1 to 256 bytes");
  }
  event.natural_key = runtime::keep_on(arena, natural_key);
  event.routing_key = runtime::keep_on(arena, routing_key);
  return true;
}

// The bytes of contract::Event, without making one: field 1 the envelope, field 2 the data.
std::string_view canonical_of(const contract::Envelope& envelope, const Message& data,
                              google::protobuf::Arena& arena) {
  using google::protobuf::io::CodedOutputStream;
  const std::size_t envelope_bytes = envelope.ByteSizeLong();
  const std::size_t data_bytes = data.ByteSizeLong();
  const auto envelope_size = static_cast<std::uint32_t>(envelope_bytes);
  const auto data_size = static_cast<std::uint32_t>(data_bytes);
  std::size_t total = 1 + CodedOutputStream::VarintSize32(envelope_size) + envelope_bytes;
  if (data_bytes != 0) total += 1 + CodedOutputStream::VarintSize32(data_size) + data_bytes;
  char* const bytes = google::protobuf::Arena::CreateArray<char>(&arena, total);
  auto* at = reinterpret_cast<std::uint8_t*>(bytes);
  *at++ = contract::Event::kEnvelopeFieldNumber << 3 | 2;
  at = CodedOutputStream::WriteVarint32ToArray(envelope_size, at);
  at = envelope.SerializeWithCachedSizesToArray(at);
  if (data_bytes != 0) {
    *at++ = contract::Event::kDataFieldNumber << 3 | 2;
    at = CodedOutputStream::WriteVarint32ToArray(data_size, at);
    // No event type has values in maps, so there is one way to write it.
    data.SerializeWithCachedSizesToArray(at);
  }
  return {bytes, total};
}

template <class T>
bool in_range(Int128 value) {
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

}  // namespace

bool is_player_id(std::string_view text) {
  if (text.empty() || text.size() > contract::kPlayerIdMax) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '~' || c == ':' || c == '-';
  });
}

bool set_integer(const FieldSchema& field, Int128 value, Message& message, Reject& reject) {
  const Reflection& reflection = *field.reflection;
  const auto* descriptor = field.descriptor;
  const auto put = [&](auto typed, auto set, auto add) {
    using T = decltype(typed);
    if (!in_range<T>(value)) {
      return reject.set(reject::kWrongType, to_string(value) + " is out of range; allowed: " +
                                                to_string(Int128{std::numeric_limits<T>::min()}) +
                                                " to " +
                                                to_string(Int128{std::numeric_limits<T>::max()}));
    }
    (reflection.*(field.repeated ? add : set))(&message, descriptor, static_cast<T>(value));
    return true;
  };
  switch (field.kind) {
    case FieldKind::kInt32:
      return put(std::int32_t{}, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldKind::kUint32:
      return put(std::uint32_t{}, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldKind::kInt64:
      return put(std::int64_t{}, &Reflection::SetInt64, &Reflection::AddInt64);
    default:
      return put(std::uint64_t{}, &Reflection::SetUInt64, &Reflection::AddUInt64);
  }
}

bool set_text(const FieldSchema& field, std::string_view text, Message& message, Reject& reject) {
  const Reflection& reflection = *field.reflection;
  const auto* descriptor = field.descriptor;
  if (field.kind == FieldKind::kEnum) {
    const auto* value = descriptor->enum_type()->FindValueByName(std::string(text));
    if (value == nullptr) {
      std::string allowed;
      for (int i = 0; i < descriptor->enum_type()->value_count(); ++i) {
        allowed += (i == 0 ? "" : ", ") + descriptor->enum_type()->value(i)->name();
      }
      return reject.set(reject::kWrongType,
                        in_quotes(text) + " is not allowed; allowed: " + allowed);
    }
    if (field.repeated) {
      reflection.AddEnum(&message, descriptor, value);
    } else {
      reflection.SetEnum(&message, descriptor, value);
    }
    return true;
  }
  if (field.repeated) {
    reflection.AddString(&message, descriptor, std::string(text));
  } else {
    reflection.SetString(&message, descriptor, std::string(text));
  }
  return true;
}

void set_bool(const FieldSchema& field, bool value, Message& message) {
  const Reflection& reflection = *field.reflection;
  if (field.repeated) {
    reflection.AddBool(&message, field.descriptor, value);
  } else {
    reflection.SetBool(&message, field.descriptor, value);
  }
}

bool check_required(const MessageSchema& schema, const FieldSet& seen, Reject& reject) {
  for (std::size_t word = 0; word < seen.size(); ++word) {
    const std::uint64_t missing = schema.required[word] & ~seen[word];
    if (missing == 0) continue;
    reject.set(reject::kMissingField, "is required");
    const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(missing));
    return reject.in(schema.fields[index].name);
  }
  return true;
}

bool finish_event(const EventSchema& schema, const DecoderOptions& options,
                  contract::Envelope& envelope, bool has_time, const Message& data,
                  google::protobuf::Arena& arena, runtime::Event& event, Reject& reject) {
  const auto missing = [&](const char* name) {
    reject.set(reject::kMissingField, "is required");
    return reject.in(name);
  };
  if (envelope.id().empty()) return missing("id");
  if (envelope.source().empty()) return missing("source");
  if (envelope.subject().empty()) return missing("subject");
  if (!has_time) return missing("time");
  if (options.now_us && envelope.time_us() > options.now_us() + kFutureUsMax) {
    reject.set(reject::kFarFuture, "is more than a day after now");
    return reject.in("time");
  }
  if (!set_keys(schema, envelope, data, arena, event, reject)) return false;
  event.canonical = canonical_of(envelope, data, arena);
  event.envelope = &envelope;
  event.data = &data;
  return true;
}

bool reject_size(const runtime::RawRecord& record, runtime::Event& event) {
  const std::uint64_t length = std::max<std::uint64_t>(record.length, record.bytes.size());
  if (record.line != 0 && length > contract::kLineBytesMax) {
    event.reject_code = reject::kLineTooLong;
    event.reject_detail = std::to_string(length) + " bytes; a line may have " +
                          std::to_string(contract::kLineBytesMax);
    return true;
  }
  if (length > contract::kEventBytesMax) {
    event.reject_code = reject::kEventTooLarge;
    event.reject_detail = std::to_string(length) + " bytes; an event may have " +
                          std::to_string(contract::kEventBytesMax);
    return true;
  }
  return false;
}

void set_rejected(const Reject& reject, contract::Envelope* envelope, runtime::Event& event) {
  event.reject_code = reject.code;
  event.reject_detail = reject.text();
  event.natural_key = event.routing_key = event.canonical = {};
  event.envelope = envelope;
  event.data = nullptr;
}

}  // namespace laurel::adapters::formats
