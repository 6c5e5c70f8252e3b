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

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "laurel/runtime/errors.h"

namespace laurel::config {

inline constexpr std::size_t kTomlBytesMax = 1024 * 1024;

struct TomlProblem {
  std::uint32_t line = 0;  ///< from 1; 0: unknown, as is the column
  std::uint32_t column = 0;
  std::string key;  ///< from the root, such as `tiers[2].from`; empty: none
  std::string message;
};
/// `FILE:LINE:COL: KEY: MESSAGE`, without what is not known.
std::string to_text(const TomlProblem& problem, std::string_view file_name);

/// Fills `out`, which is cleared first. Undefined content, but valid, when there are problems.
std::vector<TomlProblem> read_toml(std::string_view text, google::protobuf::Message& out);

/// Gives a problem without a line the place of its key, or of the closest table around it.
void locate(std::string_view text, TomlProblem& problem);

/// The same, with all problems in one error.
runtime::Status read_toml(std::string_view text, std::string_view file_name,
                          google::protobuf::Message& out);

runtime::Status read_toml_file(const std::string& path, google::protobuf::Message& out);

}  // namespace laurel::config
