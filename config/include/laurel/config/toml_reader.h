/// TOML into any protobuf message, by reflection, strictly.
///
/// Why        Configuration, catalog documents and mappings are messages; their keys, kinds and
///            required fields are said once, in the .proto.
/// Reads      Tables as messages, arrays as repeated fields, enum values by name without the prefix
///            of their type, in lower case (`KIND_BOOL` is "bool"), maps from text. An Amount as
///            {units = "123", asset = "EUR", scale = 2}; a message of exactly num and den also as
///            "1/10"; 64-bit whole numbers also as texts.
/// Limits     kTomlBytesMax; the first 20 errors.
/// Errors     kConfigInvalid: one line per error, `FILE:LINE:COL: KEY: what is wrong; allowed:
/// ...`.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "laurel/runtime/errors.h"

namespace laurel::config {

inline constexpr std::size_t kTomlBytesMax = 1024 * 1024;

/// Fills `out`, which is cleared first. Undefined content, but valid, after an error.
runtime::Status read_toml(std::string_view text, std::string_view file_name,
                          google::protobuf::Message& out);

runtime::Status read_toml_file(const std::string& path, google::protobuf::Message& out);

}  // namespace laurel::config
