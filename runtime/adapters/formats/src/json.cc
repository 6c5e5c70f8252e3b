#include "json.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "laurel/adapters/formats/options.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/event.h"

namespace laurel::adapters::formats {
namespace {

struct ThreadParser {
  ondemand::parser parser;
  std::unique_ptr<char[]> buffer;
};

ThreadParser& thread_parser() {
  thread_local ThreadParser parser;
  return parser;
}

constexpr std::size_t kBufferBytes = contract::kEventBytesMax + simdjson::SIMDJSON_PADDING;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

bool has_nul(std::string_view text) {
  return !text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr;
}

}  // namespace

constinit thread_local bool internal::record_has_escapes = false;

bool open_object(std::string_view record, ondemand::document& document, ondemand::object& root,
                 Reject& reject) {
  ThreadParser& thread = thread_parser();
  if (!thread.buffer) {
    thread.buffer = std::make_unique<char[]>(kBufferBytes);
    const auto error = thread.parser.allocate(contract::kEventBytesMax);
    LAUREL_ASSERT(error == simdjson::SUCCESS);
  }
  if (has_nul(record)) return reject.set(reject::kNulByte, "the record holds a NUL byte");
  internal::record_has_escapes = internal::holds_escape(record);
  std::memcpy(thread.buffer.get(), record.data(), record.size());
  std::memset(thread.buffer.get() + record.size(), 0, simdjson::SIMDJSON_PADDING);
  const simdjson::padded_string_view view(thread.buffer.get(), record.size(), kBufferBytes);
  if (const auto error = thread.parser.iterate(view).get(document)) {
    return reject_json(error, reject);
  }
  if (const auto error = document.get_object().get(root)) {
    if (error == simdjson::INCORRECT_TYPE) {
      return reject.set(reject::kMalformedJson, "an event is one JSON object");
    }
    return reject_json(error, reject);
  }
  return true;
}

bool check_at_end(ondemand::document& document, Reject& reject) {
  if (document.current_location().error() == simdjson::OUT_OF_BOUNDS) return true;
  return reject.set(reject::kMalformedJson, "something follows the event in its record");
}

bool reject_json(simdjson::error_code error, Reject& reject) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return reject.set(reject::kInvalidUtf8, "the record is not UTF-8");
    case simdjson::DEPTH_ERROR:
      return reject.set(reject::kTooDeep, "allowed: " + std::to_string(kDepthMax) + " levels");
    case simdjson::EMPTY:
      return reject.set(reject::kMalformedJson, "the record is empty");
    default:
      return reject.set(reject::kMalformedJson, simdjson::error_message(error));
  }
}

bool reject_type(const char* wanted, Reject& reject) {
  return reject.set(reject::kWrongType, std::string("has to be ") + wanted);
}

bool reject_twice(std::string_view member, Reject& reject) {
  reject.set(reject::kMalformedJson, "is there twice");
  return reject.in(member);
}

bool internal::unescape_key(ondemand::field& field, std::string_view& key, Reject& reject) {
  if (const auto error = field.unescaped_key().get(key)) return reject_json(error, reject);
  if (has_nul(key)) return reject.set(reject::kNulByte, "the name of a member holds a NUL");
  return true;
}

bool internal::unescape_text(ondemand::value& value, std::string_view& text, Reject& reject) {
  if (const auto error = value.get_string().get(text)) {
    if (error == simdjson::INCORRECT_TYPE) return reject_type("text", reject);
    return reject_json(error, reject);
  }
  if (has_nul(text)) return reject.set(reject::kNulByte, "the text holds a NUL");
  return true;
}

bool is_number(std::string_view token) {
  std::size_t at = 0;
  if (at < token.size() && token[at] == '-') ++at;
  const std::size_t whole = at;
  at = skip_digits(token, at);
  if (at == whole || (token[whole] == '0' && at - whole > 1)) return false;
  if (at < token.size() && token[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(token, at);
    if (at == fraction) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(token, at);
    if (at == exponent) return false;
  }
  return at == token.size();
}

bool read_integer(ondemand::value& value, Int128& number, Reject& reject) {
  constexpr const char* kWanted = "a whole number, of at most 128 bits";
  std::string_view text = scalar_token(value);
  const bool is_text = !text.empty() && text.front() == '"';
  if (is_text) {
    if (!read_text(value, text, reject)) return false;
  } else if (!is_number(text)) {
    simdjson::ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS || type == ondemand::json_type::number) {
      return reject.set(reject::kMalformedJson, "is no number and no other value of JSON");
    }
    return reject_type(kWanted, reject);
  }
  const auto parsed = parse_int128(text);
  if (!parsed) return reject_type(kWanted, reject);
  number = *parsed;
  return true;
}

bool read_bool(ondemand::value& value, bool& flag, Reject& reject) {
  const std::string_view token = scalar_token(value);
  flag = token == "true";
  if (flag || token == "false") return true;
  return reject_type("true or false", reject);
}

bool walk_value(ondemand::value& value, int depth, std::string* out, Reject& reject) {
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return reject_json(error, reject);
  switch (type) {
    case ondemand::json_type::string: {
      const std::string_view token = scalar_token(value);
      std::string_view text;
      if (!read_text(value, text, reject)) return false;
      if (out != nullptr) out->append(token);
      return true;
    }
    case ondemand::json_type::object: {
      if (depth + 1 > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return reject_json(error, reject);
      if (out != nullptr) out->push_back('{');
      bool first = true;
      for (auto member : object) {
        ondemand::field field;
        if (const auto error = std::move(member).get(field)) return reject_json(error, reject);
        std::string_view key;
        if (!read_key(field, key, reject)) return false;
        if (out != nullptr) {
          if (!first) out->push_back(',');
          append_json_text(*out, key);
          out->push_back(':');
        }
        first = false;
        if (!walk_value(field.value(), depth + 1, out, reject)) return false;
      }
      if (out != nullptr) out->push_back('}');
      return true;
    }
    case ondemand::json_type::array: {
      if (depth + 1 > kDepthMax) return reject_json(simdjson::DEPTH_ERROR, reject);
      ondemand::array array;
      if (const auto error = value.get_array().get(array)) return reject_json(error, reject);
      if (out != nullptr) out->push_back('[');
      bool first = true;
      for (auto element : array) {
        ondemand::value inner;
        if (const auto error = element.get(inner)) return reject_json(error, reject);
        if (out != nullptr && !first) out->push_back(',');
        first = false;
        if (!walk_value(inner, depth + 1, out, reject)) return false;
      }
      if (out != nullptr) out->push_back(']');
      return true;
    }
    default: {
      const std::string_view token = scalar_token(value);
      if (token != "true" && token != "false" && token != "null" && !is_number(token)) {
        return reject.set(reject::kMalformedJson, in_quotes(token) + " is no value of JSON");
      }
      if (out != nullptr) out->append(token);
      return true;
    }
  }
}

void append_json_text(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00").push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15U]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace laurel::adapters::formats
