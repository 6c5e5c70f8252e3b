#include "json_schema.h"

#include <map>
#include <set>
#include <vector>

#include "field_rules.h"
#include "laurel/config/check.pb.h"
#include "laurel/config/json_text.h"
#include "laurel/contract/amount.pb.h"
#include "laurel/contract/options.pb.h"

namespace laurel::config::internal {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kWhole = "^-?[0-9]+$";
constexpr std::string_view kRatio = "^-?[0-9]+(/[0-9]+)?$";

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + json_quoted(name);
  return "[" + out + "]";
}

std::string definition_name(const Descriptor& type) { return type.full_name(); }

class Writer {
 public:
  // The members of the object schema of a message, without braces.
  std::string object(const Descriptor& type, const std::string& indent) {
    std::string properties;
    std::vector<std::string> required;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      properties += (properties.empty() ? "" : ",\n") + indent + "  " + json_quoted(field.name()) +
                    ": { " + field_schema(field) + " }";
      if (field.options().GetExtension(contract::required)) required.push_back(field.name());
    }
    std::string out = indent + "\"type\": \"object\",\n" + indent +
                      "\"additionalProperties\": false,\n" + indent + "\"properties\": {\n" +
                      properties + "\n" + indent + "}";
    if (!required.empty()) out += ",\n" + indent + "\"required\": " + list(required);
    return out;
  }

  /// Of every message that was referred to.
  std::string definitions() {
    std::map<std::string, std::string> done;
    while (!wanted_.empty()) {
      const Descriptor* type = *wanted_.begin();
      wanted_.erase(wanted_.begin());
      const std::string name = definition_name(*type);
      if (done.count(name) != 0) continue;
      done.emplace(name, "");  // a message may hold itself
      done[name] = definition(*type);
      for (auto it = wanted_.begin(); it != wanted_.end();) {
        it = done.count(definition_name(**it)) != 0 ? wanted_.erase(it) : std::next(it);
      }
    }
    std::string out;
    for (const auto& [name, schema] : done) {
      out += (out.empty() ? "" : ",\n") + std::string("    ") + json_quoted(name) + ": {\n" +
             schema + "\n    }";
    }
    return out;
  }

 private:
  std::string definition(const Descriptor& type) {
    if (&type == contract::Amount::descriptor()) {
      return "      \"type\": \"object\",\n      \"additionalProperties\": false,\n"
             "      \"properties\": {\n        \"units\": { \"anyOf\": [{ \"type\": \"integer\" }, "
             "{ \"type\": \"string\", \"pattern\": " +
             json_quoted(kWhole) +
             " }] },\n        \"asset\": { \"type\": \"string\" },\n"
             "        \"scale\": { \"type\": \"integer\", \"minimum\": 0, \"maximum\": 4294967295 "
             "}\n      },\n      \"required\": [\"units\", \"asset\", \"scale\"]";
    }
    if (!is_rational(type)) return object(type, "      ");
    return "      \"anyOf\": [{ \"type\": \"string\", \"pattern\": " + json_quoted(kRatio) +
           " }, {\n" + object(type, "        ") + "\n      }]";
  }

  std::string field_schema(const FieldDescriptor& field) {
    std::string out;
    if (const std::string& doc = field.options().GetExtension(contract::doc); !doc.empty()) {
      out += "\"description\": " + json_quoted(doc) + ", ";
    }
    if (field.is_map()) {
      return out + "\"type\": \"object\", \"additionalProperties\": { " +
             value_schema(*field.message_type()->FindFieldByNumber(2)) + " }";
    }
    if (field.is_repeated()) {
      return out + "\"type\": \"array\", \"items\": { " + value_schema(field) + " }";
    }
    return out + value_schema(field);
  }

  std::string value_schema(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return "\"type\": \"boolean\"";
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        return whole(field);
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        return "\"anyOf\": [{ " + whole(field) +
               " }, { \"type\": \"string\", \"pattern\": " + json_quoted(kWhole) + " }]";
      case FieldDescriptor::CPPTYPE_ENUM:
        return "\"enum\": " + list(enum_names(*field.enum_type()));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        wanted_.insert(field.message_type());
        return "\"$ref\": " + json_quoted("#/$defs/" + definition_name(*field.message_type()));
      case FieldDescriptor::CPPTYPE_STRING:
        return text(field);
      default:
        return "\"not\": {}";  // floating point: cannot be written
    }
  }

  static std::string whole(const FieldDescriptor& field) {
    const Range range = range_of(field);
    return "\"type\": \"integer\", \"minimum\": " + to_string(range.min) +
           ", \"maximum\": " + to_string(range.max);
  }

  static std::string text(const FieldDescriptor& field) {
    if (field.type() != FieldDescriptor::TYPE_STRING) return "\"not\": {}";  // bytes
    const Check& rule = field.options().GetExtension(config::check);
    if (rule.one_of_size() == 0) return "\"type\": \"string\"";
    return "\"enum\": " + list({rule.one_of().begin(), rule.one_of().end()});
  }

  std::set<const Descriptor*> wanted_;
};

}  // namespace

std::string json_schema(std::string_view document, const Descriptor& type) {
  Writer writer;
  std::string out = "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n";
  out += "  \"title\": " + json_quoted(std::string(document) + ".toml") + ",\n";
  out += writer.object(type, "  ");
  const std::string definitions = writer.definitions();
  if (!definitions.empty()) out += ",\n  \"$defs\": {\n" + definitions + "\n  }";
  return out + "\n}\n";
}

}  // namespace laurel::config::internal
