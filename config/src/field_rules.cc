#include "field_rules.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>

#include "laurel/config/check.pb.h"

namespace laurel::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool is_rational(const Descriptor& type) {
  return type.field_count() == 2 && type.field(0)->name() == "num" &&
         type.field(1)->name() == "den" &&
         type.field(0)->cpp_type() == FieldDescriptor::CPPTYPE_INT64 &&
         type.field(1)->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
}

Range range_of(const FieldDescriptor& field) {
  Range range;
  const auto set = [&](auto typed) {
    using T = decltype(typed);
    range = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      set(std::int32_t{});
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      set(std::uint32_t{});
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      set(std::int64_t{});
      break;
    default:
      set(std::uint64_t{});
  }
  const Check& rule = field.options().GetExtension(config::check);
  if (rule.has_min()) range.min = std::max(range.min, Int128{rule.min()});
  if (rule.has_max()) range.max = std::min(range.max, Int128{rule.max()});
  return range;
}

std::string enum_name(const google::protobuf::EnumValueDescriptor& value) {
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  prefix.push_back('_');
  std::string name = value.name();
  if (name.rfind(prefix, 0) == 0) name.erase(0, prefix.size());
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::vector<std::string> enum_names(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    std::string name = enum_name(*type.value(i));
    if (name != "unspecified") names.push_back(std::move(name));
  }
  return names;
}

}  // namespace laurel::config
