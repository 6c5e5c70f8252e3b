#include "line_reader.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "failure.h"
#include "laurel/contract/limits.h"

namespace laurel::console {

namespace {
constexpr std::size_t kChunk = 256 * 1024;
}

struct LineReader::Source {
  std::FILE* file = nullptr;
  bool own = false;
  bool gzip = false;
  bool gzip_ended = false;
  bool started = false;
  z_stream zip{};
  std::vector<unsigned char> input = std::vector<unsigned char>(kChunk);

  ~Source() {
    if (gzip) inflateEnd(&zip);
    if (own) std::fclose(file);
  }
};

LineReader::~LineReader() = default;

std::unique_ptr<LineReader> LineReader::open(const std::string& path) {
  std::unique_ptr<LineReader> reader(new LineReader());
  reader->path_ = path;
  reader->source_ = std::make_unique<Source>();
  if (path == "-") {
    reader->source_->file = stdin;
    return reader;
  }
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) {
    throw Failure{kFailed, path + " is not a file"};
  }
  reader->source_->file = std::fopen(path.c_str(), "rb");
  if (reader->source_->file == nullptr) {
    throw Failure{kFailed, "cannot read " + path + ": " + std::strerror(errno)};
  }
  reader->source_->own = true;
  reader->bytes_total_ = static_cast<std::uint64_t>(info.st_size);
  return reader;
}

// False at the end. Refills chunk_ with what comes next.
bool LineReader::fill() {
  Source& source = *source_;
  at_ = 0;
  chunk_.clear();
  while (chunk_.empty()) {
    if (!source.gzip || source.zip.avail_in == 0) {
      const std::size_t got = std::fread(source.input.data(), 1, kChunk, source.file);
      bytes_read_ += got;
      if (got == 0) {
        if (std::ferror(source.file) != 0) {
          throw Failure{kFailed, "cannot read " + path_ + ": " + std::strerror(errno)};
        }
        if (source.gzip && !source.gzip_ended) {
          throw Failure{kFailed,
                        path_ +
                            " is cut off: its gzip stream has no end. What was whole was sent; "
                            "get the file again and run this again"};
        }
        return false;
      }
      if (!source.started) {
        source.started = true;
        source.gzip = got >= 2 && source.input[0] == 0x1f && source.input[1] == 0x8b;
        if (source.gzip && inflateInit2(&source.zip, 15 + 16) != Z_OK) {
          source.gzip = false;
          throw Failure{kFailed, "zlib cannot start"};
        }
      }
      if (!source.gzip) {
        chunk_.assign(source.input.begin(), source.input.begin() + static_cast<long>(got));
        return true;
      }
      source.zip.next_in = source.input.data();
      source.zip.avail_in = static_cast<uInt>(got);
    }
    if (source.gzip_ended) {  // a file of several gzip members
      inflateReset(&source.zip);
      source.gzip_ended = false;
    }
    chunk_.resize(kChunk);
    source.zip.next_out = reinterpret_cast<unsigned char*>(chunk_.data());
    source.zip.avail_out = kChunk;
    const int code = inflate(&source.zip, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      throw Failure{kFailed, path_ + " is damaged: it is no valid gzip"};
    }
    source.gzip_ended = code == Z_STREAM_END;
    chunk_.resize(kChunk - source.zip.avail_out);
  }
  return true;
}

// `carriage_return`: the line ends with one, which is not part of it.
Record LineReader::finish(Record record, bool carriage_return) {
  ++line_;
  if (carriage_return) {
    --record.length;
    record.bytes.resize(std::min<std::size_t>(record.bytes.size(), record.length));
  }
  return record;
}

std::optional<Record> LineReader::next() {
  Record record;
  record.line = line_ + 1;
  bool any = false;
  char before = 0;
  while (!ended_) {
    if (at_ == chunk_.size()) {
      ended_ = true;  // also when it throws
      if (!fill()) break;
      ended_ = false;
    }
    const char c = chunk_[at_++];
    any = true;
    if (c == '\n') return finish(std::move(record), before == '\r');
    before = c;
    ++record.length;
    if (record.bytes.size() <= contract::kLineBytesMax) record.bytes.push_back(c);
  }
  if (!any) return std::optional<Record>();
  return finish(std::move(record), false);
}

}  // namespace laurel::console
