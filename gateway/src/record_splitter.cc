#include "record_splitter.h"

#include <algorithm>

namespace laurel::gateway::internal {

namespace {

bool starts_field(char before) {
  return before == ',' || before == ';' || before == '\t' || before == '|' || before == '\n';
}

/// Length of the first record of `text`, without its newline.
std::size_t record_length(std::string_view text, bool csv) {
  const std::size_t line = std::min(text.find('\n'), text.size());
  if (!csv || text.substr(0, line).find('"') == std::string_view::npos) return line;
  bool quoted = false;
  char before = '\n';  // the last character that is no space
  std::size_t closed = text.size();
  const std::size_t end = std::min(text.size(), contract::kLineBytesMax + 1);
  for (std::size_t i = 0; i < end; ++i) {
    const char c = text[i];
    if (c == '"') {
      // A quote right after a closing one is an escaped quote: the field goes on.
      if (quoted) {
        quoted = false;
        closed = i;
      } else if (starts_field(before) || i == closed + 1) {
        quoted = true;
      }
    } else if (c == '\n' && !quoted) {
      return i;
    }
    if (c != ' ') before = c;
  }
  return !quoted && end == text.size() ? end : line;
}

}  // namespace

SplitRecords split_records(std::string_view text, const SplitOptions& options) {
  SplitRecords out;
  std::uint64_t line = options.first_line;
  while (!text.empty()) {
    const std::size_t length = record_length(text, options.csv);
    std::string_view bytes = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    const std::uint64_t record_line = line;
    line += 1 + static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (!bytes.empty() && bytes.back() == '\r') bytes.remove_suffix(1);
    if (bytes.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (out.records.size() == options.records_max) {
      out.too_many = true;
      return out;
    }
    runtime::RawRecord record;
    record.line = record_line;
    record.length = bytes.size();
    record.oversize = bytes.size() > contract::kLineBytesMax;
    record.bytes = record.oversize ? bytes.substr(0, contract::kDeadLetterRawMax) : bytes;
    out.records.push_back(record);
  }
  return out;
}

}  // namespace laurel::gateway::internal
