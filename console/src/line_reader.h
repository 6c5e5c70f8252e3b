/// LineReader: lines of a file, plain or gzip, or of standard input, one at a time.
///
/// Why        A record is a line, in CSV too: were line ends within quotes part of it, a stray
///            quote would swallow good rows.
/// Limits     Of a line over contract::kLineBytesMax its length is kept, and one byte more than
///            allowed, so that nobody takes it for a whole one.
/// Errors     Failure: the file is not there or not readable; truncated or damaged gzip.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace laurel::console {

struct Record {
  std::string bytes;         ///< without the line's end
  std::uint64_t line = 0;    ///< 1-based
  std::uint64_t length = 0;  ///< without the line's end
  bool cut() const { return length > bytes.size(); }
};

class LineReader {
 public:
  /// `path`: a file, or `-`.
  static std::unique_ptr<LineReader> open(const std::string& path);
  ~LineReader();
  /// Nothing at the end, and after a Failure; what came before is whole.
  std::optional<Record> next();
  std::uint64_t bytes_read() const { return bytes_read_; }    ///< of the file, compressed
  std::uint64_t bytes_total() const { return bytes_total_; }  ///< 0: not known

 private:
  LineReader() = default;
  bool fill();
  Record finish(Record record, bool carriage_return);

  struct Source;
  std::unique_ptr<Source> source_;
  std::string path_;
  std::vector<char> chunk_;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::uint64_t line_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_total_ = 0;
};

}  // namespace laurel::console
