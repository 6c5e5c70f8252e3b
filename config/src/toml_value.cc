#include "toml_value.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "field_rules.h"
#include "laurel/config/check.pb.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/options.pb.h"
#include "laurel/runtime/errors.h"

namespace laurel::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::size_t kErrorsMax = 20;
constexpr std::size_t kTextShownMax = 64;

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string child(const std::string& path, std::string_view key) {
  std::string shown(key.substr(0, kTextShownMax));
  return path.empty() ? shown : path + "." + shown;
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text.substr(0, kTextShownMax)) +
         (text.size() > kTextShownMax ? "...\"" : "\"");
}

// Levenshtein. REQUIRES: short texts.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t swap = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({swap, above + 1, row[j - 1] + 1});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// ` (did you mean X?)`, or nothing when nothing is near.
std::string nearest(std::string_view text, const std::vector<std::string>& allowed) {
  if (text.size() > kTextShownMax) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const std::string& name : allowed) {
    const std::size_t d = distance(text, name);
    if (d < best_distance) {
      best_distance = d;
      best = name;
    }
  }
  return best.empty() ? std::string() : " (did you mean " + best + "?)";
}

std::vector<std::string> keys_of(const Descriptor& type) {
  std::vector<std::string> keys;
  for (int i = 0; i < type.field_count(); ++i) keys.push_back(type.field(i)->name());
  return keys;
}

std::string_view kind_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with decimals";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

}  // namespace

void ValueReader::fail(const toml::source_region& where, const std::string& key,
                       std::string_view what) {
  if (problems_.size() >= kErrorsMax) {
    ++more_;
    return;
  }
  problems_.push_back({where.begin.line, where.begin.column, key, std::string(what)});
}

std::vector<TomlProblem> ValueReader::problems() const {
  std::vector<TomlProblem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const TomlProblem& a, const TomlProblem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  if (more_ != 0) sorted.push_back({0, 0, "", std::to_string(more_) + " more errors"});
  return sorted;
}

void ValueReader::wrong_kind(const toml::node& node, const std::string& path,
                             std::string_view wanted) {
  fail(node.source(), path,
       "is " + std::string(kind_name(node)) + "; allowed: " + std::string(wanted));
}

void ValueReader::read_table(const toml::table& table, const std::string& path, Message& out) {
  const Descriptor& type = *out.GetDescriptor();
  for (auto&& [key, node] : table) {
    const FieldDescriptor* field = type.FindFieldByName(std::string(key.str()));
    if (field == nullptr) {
      const auto keys = keys_of(type);
      fail(key.source(), child(path, key.str()),
           "there is no such key" + nearest(key.str(), keys) + "; allowed: " + join(keys));
      continue;
    }
    read_field(node, child(path, key.str()), *field, out);
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.options().GetExtension(contract::required) && !table.contains(field.name())) {
      fail(table.source(), child(path, field.name()), "is required");
    }
  }
}

void ValueReader::read_field(const toml::node& node, const std::string& path, const Field& field,
                             Message& out) {
  if (field.is_map()) {
    read_map(node, path, field, out);
    return;
  }
  if (!field.is_repeated()) {
    read_value(node, path, field, out);
    return;
  }
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    wrong_kind(node, path, "an array");
    return;
  }
  std::size_t index = 0;
  for (const toml::node& element : *array) {
    read_value(element, path + "[" + std::to_string(index) + "]", field, out);
    ++index;
  }
}

void ValueReader::read_map(const toml::node& node, const std::string& path, const Field& field,
                           Message& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    wrong_kind(node, path, "a table");
    return;
  }
  const Descriptor& entry_type = *field.message_type();
  const FieldDescriptor& key_field = *entry_type.FindFieldByNumber(1);
  const FieldDescriptor& value_field = *entry_type.FindFieldByNumber(2);
  if (key_field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    fail(node.source(), path, "cannot be written in TOML: its keys are no texts");
    return;
  }
  for (auto&& [key, value] : *table) {
    Message* entry = out.GetReflection()->AddMessage(&out, &field);
    entry->GetReflection()->SetString(entry, &key_field, std::string(key.str()));
    read_value(value, child(path, key.str()), value_field, *entry);
  }
}

void ValueReader::read_value(const toml::node& node, const std::string& path, const Field& field,
                             Message& out) {
  const Reflection& reflection = *out.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      if (const auto* value = node.as_boolean()) {
        field.is_repeated() ? reflection.AddBool(&out, &field, value->get())
                            : reflection.SetBool(&out, &field, value->get());
      } else {
        wrong_kind(node, path, "true or false");
      }
      return;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      read_integer(node, path, field, out);
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      read_text(node, path, field, out);
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      read_enum(node, path, field, out);
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      read_message(node, path, field, out);
      return;
    default:
      fail(node.source(), path, "cannot be written in TOML: it is a floating-point number");
  }
}

void ValueReader::read_integer(const toml::node& node, const std::string& path, const Field& field,
                               Message& out) {
  const Range range = range_of(field);
  const std::string allowed = to_string(range.min) + " to " + to_string(range.max);
  Int128 value = 0;
  if (const auto* number = node.as_integer()) {
    value = number->get();
  } else if (const auto* text = node.as_string();
             text != nullptr && (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                                 field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64)) {
    const auto parsed = parse_int128(text->get());
    if (!parsed) {
      fail(node.source(), path,
           in_quotes(text->get()) + " is no whole number; allowed: " + allowed);
      return;
    }
    value = *parsed;
  } else {
    wrong_kind(node, path, "a whole number, " + allowed);
    return;
  }
  if (value < range.min || value > range.max) {
    fail(node.source(), path, to_string(value) + " is out of range; allowed: " + allowed);
    return;
  }
  const Reflection& reflection = *out.GetReflection();
  const auto put = [&](auto typed, auto set, auto add) {
    (reflection.*(field.is_repeated() ? add : set))(&out, &field,
                                                    static_cast<decltype(typed)>(value));
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return put(std::int32_t{}, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(std::uint32_t{}, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return put(std::int64_t{}, &Reflection::SetInt64, &Reflection::AddInt64);
    default:
      return put(std::uint64_t{}, &Reflection::SetUInt64, &Reflection::AddUInt64);
  }
}

void ValueReader::read_text(const toml::node& node, const std::string& path, const Field& field,
                            Message& out) {
  if (field.type() != FieldDescriptor::TYPE_STRING) {
    fail(node.source(), path, "cannot be written in TOML: it is bytes");
    return;
  }
  const auto* text = node.as_string();
  if (text == nullptr) {
    wrong_kind(node, path, "a text");
    return;
  }
  if (text->get().find('\0') != std::string::npos) {
    fail(node.source(), path, "holds a NUL");
    return;
  }
  const Check& rule = field.options().GetExtension(config::check);
  if (rule.one_of_size() != 0 &&
      std::find(rule.one_of().begin(), rule.one_of().end(), text->get()) == rule.one_of().end()) {
    const std::vector<std::string> allowed(rule.one_of().begin(), rule.one_of().end());
    fail(node.source(), path,
         in_quotes(text->get()) + " is not allowed" + nearest(text->get(), allowed) +
             "; allowed: " + join(allowed));
    return;
  }
  const Reflection& reflection = *out.GetReflection();
  field.is_repeated() ? reflection.AddString(&out, &field, text->get())
                      : reflection.SetString(&out, &field, text->get());
}

void ValueReader::read_enum(const toml::node& node, const std::string& path, const Field& field,
                            Message& out) {
  const auto& type = *field.enum_type();
  const std::vector<std::string> allowed = enum_names(type);
  const auto* text = node.as_string();
  if (text == nullptr) {
    wrong_kind(node, path, join(allowed));
    return;
  }
  for (int i = 0; i < type.value_count(); ++i) {
    if (enum_name(*type.value(i)) != text->get() || text->get() == "unspecified") continue;
    const Reflection& reflection = *out.GetReflection();
    field.is_repeated() ? reflection.AddEnum(&out, &field, type.value(i))
                        : reflection.SetEnum(&out, &field, type.value(i));
    return;
  }
  fail(node.source(), path,
       in_quotes(text->get()) + " is not allowed" + nearest(text->get(), allowed) +
           "; allowed: " + join(allowed));
}

void ValueReader::read_message(const toml::node& node, const std::string& path, const Field& field,
                               Message& out) {
  const Reflection& reflection = *out.GetReflection();
  Message* inner = field.is_repeated() ? reflection.AddMessage(&out, &field)
                                       : reflection.MutableMessage(&out, &field);
  const bool rational = is_rational(*inner->GetDescriptor());
  if (const toml::table* table = node.as_table()) {
    if (inner->GetDescriptor() == contract::Amount::descriptor()) {
      read_amount(*table, path, static_cast<contract::Amount&>(*inner));
      return;
    }
    read_table(*table, path, *inner);
    if (!rational) return;
    const auto& den = *inner->GetDescriptor()->field(1);
    if (inner->GetReflection()->GetInt64(*inner, &den) < 1 && (*table)["den"].is_integer()) {
      fail((*table)["den"].node()->source(), path + ".den", "is not above zero");
    } else if (!table->contains("den") && !den.options().GetExtension(contract::required)) {
      fail(table->source(), path + ".den", "is required");
    }
    return;
  }
  const auto* text = node.as_string();
  if (!rational || text == nullptr) {
    wrong_kind(node, path, rational ? "\"NUM/DEN\", such as \"1/10\"" : "a table");
    return;
  }
  const std::string& ratio = text->get();
  const auto slash = ratio.find('/');
  const auto num = parse_int128(ratio.substr(0, slash));
  const auto den =
      slash == std::string::npos ? std::optional<Int128>(1) : parse_int128(ratio.substr(slash + 1));
  constexpr Int128 kMax = std::numeric_limits<std::int64_t>::max();
  if (!num || !den || *num > kMax || *num < -kMax || *den > kMax || *den < 1) {
    fail(node.source(), path,
         in_quotes(ratio) + " is no fraction; allowed: \"NUM/DEN\" with DEN > 0, such as \"1/10\"");
    return;
  }
  const Descriptor& type = *inner->GetDescriptor();
  inner->GetReflection()->SetInt64(inner, type.field(0), static_cast<std::int64_t>(*num));
  inner->GetReflection()->SetInt64(inner, type.field(1), static_cast<std::int64_t>(*den));
}

void ValueReader::read_amount(const toml::table& table, const std::string& path,
                              contract::Amount& out) {
  const std::vector<std::string> keys = {"units", "asset", "scale"};
  for (auto&& [key, node] : table) {
    const std::string inner = child(path, key.str());
    if (key.str() == "units") {
      const auto* number = node.as_integer();
      const auto* text = node.as_string();
      const auto units = number != nullptr ? std::optional<Int128>(number->get())
                         : text != nullptr ? parse_int128(text->get())
                                           : std::nullopt;
      if (units) {
        contract::set_units(out, *units);
      } else {
        fail(node.source(), inner, "is no whole number of at most 128 bits, such as \"123\"");
      }
    } else if (key.str() == "asset") {
      read_text(node, inner, *contract::Amount::descriptor()->FindFieldByName("asset"), out);
    } else if (key.str() == "scale") {
      read_integer(node, inner, *contract::Amount::descriptor()->FindFieldByName("scale"), out);
    } else {
      fail(key.source(), inner,
           "there is no such key" + nearest(key.str(), keys) + "; allowed: " + join(keys));
    }
  }
  for (const std::string& key : keys) {
    if (!table.contains(key)) fail(table.source(), child(path, key), "is required");
  }
}

}  // namespace laurel::config
