#include "record_splitter.h"

#include <algorithm>

namespace laurel::gateway::internal {

SplitRecords split_records(std::string_view text, const SplitOptions& options) {
  SplitRecords out;
  std::uint64_t line = options.first_line;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    std::string_view bytes = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    const std::uint64_t record_line = line++;
    if (!bytes.empty() && bytes.back() == '\r') bytes.remove_suffix(1);
    // Of a line that was cut it is not known whether all of it is blank.
    const bool cut = text.empty() && options.last_length > bytes.size();
    if (!cut && bytes.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (out.records.size() == options.records_max) {
      out.too_many = true;
      return out;
    }
    runtime::RawRecord record;
    record.line = record_line;
    record.length = cut ? options.last_length : bytes.size();
    record.oversize = record.length > contract::kLineBytesMax;
    record.bytes = record.oversize ? bytes.substr(0, contract::kDeadLetterRawMax) : bytes;
    out.records.push_back(record);
  }
  return out;
}

}  // namespace laurel::gateway::internal
