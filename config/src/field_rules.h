/// What a field may hold when it is written as TOML: said once, for the reader and the JSON Schema.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "laurel/contract/int128.h"

namespace laurel::config {

struct Range {
  Int128 min = 0;
  Int128 max = 0;
};

/// Of a whole number: of its type and of its Check.
Range range_of(const google::protobuf::FieldDescriptor& field);

/// A message of exactly num and den: also written "1/10".
bool is_rational(const google::protobuf::Descriptor& type);

/// Name of an enum value in TOML: without the prefix of its type, in lower case.
std::string enum_name(const google::protobuf::EnumValueDescriptor& value);
/// All that may be written: not `unspecified`.
std::vector<std::string> enum_names(const google::protobuf::EnumDescriptor& type);

}  // namespace laurel::config
