#include "laurel/config/toml_reader.h"

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

Status read_toml(std::string_view text, std::string_view file_name,
                 google::protobuf::Message& out) {
  out.Clear();
  const std::string file(file_name);
  if (text.size() > kTomlBytesMax) {
    return invalid(file + ": has " + std::to_string(text.size()) +
                   " bytes; allowed: " + std::to_string(kTomlBytesMax));
  }
  if (has_deep_key(text)) {
    return invalid(file + ": a key has too many dots; allowed: " + std::to_string(kDotsMax));
  }
  const toml::parse_result parsed = toml::parse(text, file_name);
  ValueReader reader(file_name);
  if (parsed) {
    reader.read_table(parsed.table(), "", out);
  } else {
    reader.fail(parsed.error().source(), "", parsed.error().description());
  }
  if (std::string errors = reader.errors(); !errors.empty()) return invalid(std::move(errors));
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
