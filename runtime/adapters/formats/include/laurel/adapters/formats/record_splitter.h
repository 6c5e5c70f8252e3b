/// RecordSplitter: cuts a stream of bytes into lines, whatever sizes the stream comes in.
///
/// Lifecycle  One per file: feed() until its end, then finish() once.
/// Limits     Keeps at most contract::kLineBytesMax of a line; of a longer one the first
///            contract::kDeadLetterRawMax bytes are handed out, with its length and `oversize`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "laurel/runtime/event.h"

namespace laurel::adapters::formats {

class RecordSplitter {
 public:
  /// The record's bytes live for the call.
  using Take = std::function<void(const runtime::RawRecord&)>;

  /// Hands out every line that `bytes` completes, without its line end (LF or CRLF). Empty lines
  /// are counted and left out; so is a byte order mark at the start.
  void feed(std::string_view bytes, const Take& take);
  /// Hands out the last line if it has no line end.
  void finish(const Take& take);

 private:
  void append(std::string_view bytes);
  void hand_out(std::string_view line, const Take& take);

  std::string kept_;  ///< the beginning of a line whose end has not come yet
  std::uint64_t kept_length_ = 0;
  std::uint64_t line_ = 0;
};

}  // namespace laurel::adapters::formats
