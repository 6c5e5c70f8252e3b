#include "laurel/adapters/formats/record_splitter.h"

#include <algorithm>

namespace laurel::adapters::formats {

void RecordSplitter::feed(std::string_view bytes, const Take& take) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) {
      append(bytes);
      return;
    }
    if (kept_length_ == 0) {
      hand_out(bytes.substr(0, end), take);
    } else {
      append(bytes.substr(0, end));
      hand_out(kept_, take);
    }
    bytes.remove_prefix(end + 1);
  }
}

void RecordSplitter::finish(const Take& take) {
  if (kept_length_ != 0) hand_out(kept_, take);
}

void RecordSplitter::append(std::string_view bytes) {
  // One byte more than a line may have tells that it is too long.
  const std::size_t room = contract::kLineBytesMax + 1 - kept_.size();
  kept_.append(bytes.substr(0, std::min(room, bytes.size())));
  kept_length_ += bytes.size();
}

void RecordSplitter::hand_out(std::string_view line, const Take& take) {
  runtime::RawRecord record;
  record.line = ++line_;
  record.length = kept_length_ != 0 ? kept_length_ : line.size();
  record.oversize = record.length > contract::kLineBytesMax;
  if (record.oversize) {
    line = line.substr(0, contract::kDeadLetterRawMax);
  } else {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (line_ == 1 && line.substr(0, 3) == kByteOrderMark) line.remove_prefix(3);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    record.length = line.size();
  }
  record.bytes = line;
  if (!line.empty()) take(record);
  kept_.clear();
  kept_length_ = 0;
}

}  // namespace laurel::adapters::formats
