#include "input_record.h"

#include "laurel/adapters/disk/checksum.h"
#include "laurel/adapters/disk/wire.h"
#include "laurel/contract/base64.h"
#include "laurel/contract/media_type.h"

namespace laurel::adapters::kafka {
namespace {

constexpr std::size_t kPositionBytes = 24;
constexpr std::string_view kAttributePrefix = "ce_";
constexpr const char* kContentType = "content-type";

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out += "\\u00";
      out.push_back("0123456789abcdef"[byte >> 4]);
      out.push_back("0123456789abcdef"[byte & 0xf]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

runtime::Encoding encoding_of(const LogRecord& record) {
  return contract::media_type(record.header(kContentType)) == contract::kProtobufEvent
             ? runtime::Encoding::kProtobuf
             : runtime::Encoding::kText;
}

std::string event_bytes(const LogRecord& record, runtime::Encoding encoding) {
  const std::string_view value = record.value.value_or("");
  if (encoding == runtime::Encoding::kProtobuf) return std::string(value);
  if (record.header("ce_specversion").empty()) return std::string(value);
  std::string out = "{";
  rd_kafka_headers_t* headers = nullptr;
  const char* name = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(record.message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      const std::string_view attribute(name);
      if (!attribute.starts_with(kAttributePrefix)) continue;
      append_json(out, attribute.substr(kAttributePrefix.size()));
      out.push_back(':');
      append_json(out, {static_cast<const char*>(bytes), size});
      out.push_back(',');
    }
  }
  if (contract::media_type(record.header(kContentType)) == contract::kProtobuf) {
    out += "\"datacontenttype\":";
    append_json(out, contract::kProtobuf);
    out += ",\"data_base64\":";
    append_json(out, contract::base64(value));
    out.push_back('}');
    return out;
  }
  // The text as it came: that it is JSON is seen by whoever decodes the whole.
  out += "\"data\":";
  out.append(value.empty() ? "null" : value);
  out.push_back('}');
  return out;
}

std::uint32_t check_of(const LogRecord& record) {
  const std::uint32_t key = crc32c({"\0", 1}, crc32c(record.key));
  return crc32c(record.value.value_or(""), key);
}

std::string encode_position(const HandledPosition& position) {
  std::string out;
  Writer writer(out);
  for (const InputPosition& each : {position.last, position.anchor}) {
    writer.u64(static_cast<std::uint64_t>(each.next));
    writer.u32(each.check);
  }
  return out;
}

std::optional<HandledPosition> decode_position(std::string_view bytes) {
  if (bytes.size() != kPositionBytes) return std::nullopt;
  Reader reader(bytes);
  HandledPosition out;
  for (InputPosition* const each : {&out.last, &out.anchor}) {
    each->next = static_cast<std::int64_t>(reader.u64());
    each->check = reader.u32();
  }
  return out;
}

std::string input_name(std::string_view topic, int partition, std::uint32_t generation) {
  std::string out = "topic/" + std::string(topic) + "/" + std::to_string(partition);
  if (generation > 0) out += "/" + std::to_string(generation);
  return out;
}

std::string generation_name(std::string_view topic, int partition) {
  return "generation/" + std::string(topic) + "/" + std::to_string(partition);
}

std::string encode_generation(std::uint32_t generation) {
  std::string out;
  Writer(out).u32(generation);
  return out;
}

std::uint32_t decode_generation(std::string_view bytes) { return Reader(bytes).u32(); }

}  // namespace laurel::adapters::kafka
