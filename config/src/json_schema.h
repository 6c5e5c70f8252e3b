/// JSON Schema (draft 2020-12) of a catalog document: for editors that complete and check TOML.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

namespace laurel::config::internal {

/// Accepts what the TOML reader accepts, text for text, but for checks a compile function makes.
std::string json_schema(std::string_view document, const google::protobuf::Descriptor& type);

}  // namespace laurel::config::internal
