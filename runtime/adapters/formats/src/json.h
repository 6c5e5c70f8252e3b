/// Json: one record as a JSON object, read once from front to back with simdjson.
///
/// Lifecycle  Texts handed out live until the thread opens its next record or rewinds this one.
/// Threads    One parser and one padded buffer per thread.
#pragma once

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

/// The member's name: malformed-json, nul-byte.
bool read_key(ondemand::field& field, std::string_view& key, Reject& reject);
/// wrong-type, nul-byte.
bool read_text(ondemand::value value, std::string_view& text, Reject& reject);
/// `true`, `-12.5e3`, `null`: a scalar that is no text, as it is written.
std::string_view scalar_token(ondemand::value& value);
/// A number by the grammar of JSON.
bool is_number(std::string_view token);
/// A whole number, or a text that holds one: `-?[0-9]+`, at most 128 bits. wrong-type.
bool read_integer(ondemand::value value, Int128& number, Reject& reject);
/// wrong-type unless true or false.
bool read_bool(ondemand::value value, bool& flag, Reject& reject);

/// Checks the value to its last byte and, unless `out` is null, appends it as it is written,
/// without the spaces. `depth` is that of the value's container: too-deep below kDepthMax.
bool walk_value(ondemand::value value, int depth, std::string* out, Reject& reject);
/// Appends a text in quotes, escaped.
void append_json_text(std::string& out, std::string_view text);

}  // namespace laurel::adapters::formats
