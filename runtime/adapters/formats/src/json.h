/// Json: one record as a JSON object, read once from front to back with simdjson.
///
/// Lifecycle  Texts handed out live until the thread opens its next record or rewinds this one.
/// Threads    One parser and one padded buffer per thread.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "laurel/contract/int128.h"
#include "reject.h"

namespace laurel::adapters::formats {

namespace ondemand = simdjson::ondemand;

/// Copies the record into the thread's padded buffer and opens it as an object.
/// REQUIRES: at most contract::kEventBytesMax bytes; no other document of this thread is in use.
bool open_object(std::string_view record, ondemand::document& document, ondemand::object& root,
                 Reject& reject);
/// Nothing may follow the object: malformed-json otherwise.
bool check_at_end(ondemand::document& document, Reject& reject);

/// Translates an error of simdjson; returns false.
bool reject_json(simdjson::error_code error, Reject& reject);
bool reject_type(const char* wanted, Reject& reject);
bool reject_twice(std::string_view member, Reject& reject);

/// A scalar as it is written: `true`, `-12.5e3`, `null`, or a text with its quotes.
inline std::string_view scalar_token(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!token.empty() && is_space(token.back())) token.remove_suffix(1);
  return token;
}

/// `null` is as good as absent.
inline bool is_null(ondemand::value& value) {
  const std::string_view token = value.raw_json_token();
  return !token.empty() && token.front() == 'n' && scalar_token(value) == "null";
}

namespace internal {

/// Of the record that this thread has open. Few have any: then no text of it is looked through.
extern constinit thread_local bool record_has_escapes;

inline bool holds_escape(std::string_view text) {
  return !text.empty() && std::memchr(text.data(), '\\', text.size()) != nullptr;
}
/// What stands between the quotes is the text: the usual case, which needs no copy.
inline bool is_plain(std::string_view quoted) {
  return !record_has_escapes || !holds_escape(quoted);
}
bool unescape_key(ondemand::field& field, std::string_view& key, Reject& reject);
bool unescape_text(ondemand::value& value, std::string_view& text, Reject& reject);

}  // namespace internal

// Inline, as these two are what most of the work on a record consists of.

/// The member's name: malformed-json, nul-byte. REQUIRES: its value was not read yet; of this and
/// the next: the record is the one that this thread opened last.
inline bool read_key(ondemand::field& field, std::string_view& key, Reject& reject) {
  // Nothing but a colon and spaces is between the quote that ends the name and the value.
  const char* const start = field.key().raw();
  const char* end = field.value().raw_json_token().data() - 1;
  while (*end != '"') --end;
  key = {start, static_cast<std::size_t>(end - start)};
  return internal::is_plain(key) || internal::unescape_key(field, key, reject);
}
/// wrong-type, nul-byte.
inline bool read_text(ondemand::value& value, std::string_view& text, Reject& reject) {
  const std::string_view token = scalar_token(value);
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"') {
    text = token.substr(1, token.size() - 2);
    // The value stays unread: going on to the next one skips it.
    if (internal::is_plain(text)) return true;
  }
  return internal::unescape_text(value, text, reject);
}
/// A number by the grammar of JSON.
bool is_number(std::string_view token);
/// A whole number, or a text that holds one: `-?[0-9]+`, at most 128 bits. wrong-type.
bool read_integer(ondemand::value& value, Int128& number, Reject& reject);
/// wrong-type unless true or false.
bool read_bool(ondemand::value& value, bool& flag, Reject& reject);

/// Checks the value to its last byte and, unless `out` is null, appends it as it is written,
/// without the spaces. `depth` is that of the value's container: too-deep below kDepthMax.
bool walk_value(ondemand::value& value, int depth, std::string* out, Reject& reject);
/// Appends a text in quotes, escaped.
void append_json_text(std::string& out, std::string_view text);

}  // namespace laurel::adapters::formats
