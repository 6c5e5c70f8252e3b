#include "laurel/config/toml_reader.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "toml_value.h"

namespace laurel::config {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

Error invalid(std::string message) { return {ErrorCode::kConfigInvalid, std::move(message)}; }

// Dots in one key make tables in each other, which the parser does not bound, but its destructor
// recurses into. A text may not have so many either without a comma, = or the line's end between.
constexpr std::size_t kDotsMax = 256;

bool has_deep_key(std::string_view text) {
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.' && ++dots > kDotsMax) return true;
    if (c == '\n' || c == '=' || c == ',') dots = 0;
  }
  return false;
}

}  // namespace

std::string to_text(const TomlProblem& problem, std::string_view file_name) {
  std::string out(file_name);
  if (problem.line != 0) {
    out += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
  }
  out += ": ";
  if (!problem.key.empty()) out += problem.key + ": ";
  return out + problem.message;
}

std::vector<TomlProblem> read_toml(std::string_view text, google::protobuf::Message& out) {
  out.Clear();
  if (text.size() > kTomlBytesMax) {
    return {{0, 0, "",
             "has " + std::to_string(text.size()) +
                 " bytes; allowed: " + std::to_string(kTomlBytesMax)}};
  }
  if (has_deep_key(text)) {
    return {{0, 0, "", "a key has too many dots; allowed: " + std::to_string(kDotsMax)}};
  }
  const toml::parse_result parsed = toml::parse(text);
  ValueReader reader;
  if (parsed) {
    reader.read_table(parsed.table(), "", out);
  } else {
    reader.fail(parsed.error().source(), "", parsed.error().description());
  }
  return reader.problems();
}

void locate(std::string_view text, TomlProblem& problem) {
  if (problem.line != 0 || text.size() > kTomlBytesMax || has_deep_key(text)) return;
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return;
  const toml::node* node = &parsed.table();
  std::string_view path = problem.key;
  toml::source_position at = node->source().begin;
  while (node != nullptr && !path.empty()) {
    if (path.front() == '[') {
      const auto end = path.find(']');
      if (end == std::string_view::npos || !node->is_array()) break;
      std::size_t index = 0;
      for (const char c : path.substr(1, end - 1)) {
        if (c < '0' || c > '9' || index > kTomlBytesMax) return;
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      node = node->as_array()->get(index);
      path.remove_prefix(end + 1);
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      const auto end = std::min(path.find_first_of(".["), path.size());
      const toml::table* table = node->as_table();
      node = nullptr;
      if (table == nullptr) break;
      for (auto&& [key, value] : *table) {
        if (key.str() == path.substr(0, end)) node = &value;
      }
      path.remove_prefix(end);
    }
    if (node != nullptr && node->source().begin) at = node->source().begin;
  }
  problem.line = at ? at.line : 1;
  problem.column = at ? at.column : 1;
}

Status read_toml(std::string_view text, std::string_view file_name,
                 google::protobuf::Message& out) {
  std::string errors;
  for (const TomlProblem& problem : read_toml(text, out)) {
    errors += (errors.empty() ? "" : "\n") + to_text(problem, file_name);
  }
  if (!errors.empty()) return invalid(std::move(errors));
  return {};
}

Status read_toml_file(const std::string& path, google::protobuf::Message& out) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return invalid(path + ": cannot be read: there is no such file, or no permission");
  std::string text;
  text.resize(kTomlBytesMax + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return invalid(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return read_toml(text, path, out);
}

}  // namespace laurel::config
