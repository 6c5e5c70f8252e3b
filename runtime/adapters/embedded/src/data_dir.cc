#include "data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>

#include "checksum.h"

namespace laurel::adapters::internal {
namespace {

using runtime::Error;
using runtime::ErrorCode;

constexpr std::string_view kIdentityTitle = "laurel data directory";
constexpr std::size_t kSecretBytes = 32;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  // Up to 256 bytes come whole.
  LAUREL_ASSERT(::getrandom(bytes.data(), size, 0) == static_cast<ssize_t>(size));
  return bytes;
}

std::string hex(std::uint64_t value, int digits) {
  std::string out;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out.push_back("0123456789abcdef"[(value >> shift) & 0xf]);
  }
  return out;
}

template <class Number>
bool parse(std::string_view text, Number& out, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::string holder_of(const std::string& path) {
  const std::optional<std::string> text = read_file(path);
  if (!text || text->empty()) return "another process";
  return "process " + text->substr(0, text->find('\n'));
}

}  // namespace

Error system_error(std::string_view doing, std::string_view path) {
  const int error = errno;
  return {ErrorCode::kStoreFailed,
          std::string(doing) + " " + std::string(path) + ": " + std::strerror(error)};
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

std::optional<std::string> read_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return std::nullopt;
  std::string bytes;
  char buffer[1 << 14];
  for (;;) {
    const ssize_t n = ::read(file.fd(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(n));
  }
}

runtime::Status sync_directory(const std::string& path) {
  const File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || ::fsync(directory.fd()) != 0) return system_error("syncing", path);
  return {};
}

runtime::Status write_file_durably(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  {
    const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.ok()) return system_error("making", temporary);
    while (!bytes.empty()) {
      const ssize_t n = ::write(file.fd(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return system_error("writing", temporary);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(file.fd()) != 0) return system_error("syncing", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("renaming", temporary);
  const auto slash = path.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

runtime::Result<std::unique_ptr<DirectoryLock>> DirectoryLock::acquire(const std::string& path,
                                                                       bool shared) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  // On a file system mounted read-only a reader still may read.
  if (fd < 0 && shared) fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error("opening", path);
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
  if (::flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("locking", path);
    return Error{ErrorCode::kDataDirInUse, "the data directory is in use by " + holder_of(path) +
                                               " (" + path + " is locked); stop that node first"};
  }
  if (!shared) {
    // Only for people and messages: the lock is what counts.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
      return system_error("writing", path);
    }
  }
  return lock;
}

DirectoryLock::~DirectoryLock() { ::close(file_); }

IdentityFile identity_file_of(const Identity& identity) {
  return {identity.format, identity.partitions, identity.uuid, crc32c(identity.secret)};
}

std::string encode_identity_file(const IdentityFile& identity) {
  std::string out = std::string(kIdentityTitle) + "\n" + "format " +
                    std::to_string(identity.format) + "\n" + "node " + identity.uuid + "\n" +
                    "partitions " + std::to_string(identity.partitions) + "\n" + "secret-check " +
                    hex(identity.secret_check, 8) + "\n";
  return out + "check " + hex(crc32c(out), 8) + "\n";
}

runtime::Result<IdentityFile> decode_identity_file(std::string_view bytes,
                                                   const std::string& path) {
  const auto foreign = [&path](const std::string& why) {
    return Error{ErrorCode::kDataDirForeign, path + ": " + why};
  };
  std::string_view rest = bytes;
  std::map<std::string_view, std::string_view> fields;
  std::string_view covered;
  bool first = true;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return foreign("its last line is cut");
    const std::string_view line = rest.substr(0, end);
    if (first && line != kIdentityTitle) return foreign("this is no data directory of Laurel");
    const auto space = line.find(' ');
    if (!first && space == std::string_view::npos) return foreign("a line of it has no value");
    if (!first) fields[line.substr(0, space)] = line.substr(space + 1);
    if (!first && line.starts_with("check ")) {
      covered = bytes.substr(0, static_cast<std::size_t>(line.data() - bytes.data()));
    }
    first = false;
    rest.remove_prefix(end + 1);
  }
  IdentityFile identity;
  // The format comes first: what a newer one looks like is not known here.
  if (!parse(fields["format"], identity.format, 10)) return foreign("it names no format");
  if (identity.format > kFormatVersion) {
    return foreign("its format is " + std::to_string(identity.format) +
                   ", this version reads up to " + std::to_string(kFormatVersion) +
                   "; run the version that wrote it, or a newer one");
  }
  std::uint32_t check = 0;
  if (!parse(fields["check"], check, 16) || check != crc32c(covered)) {
    return foreign(
        "it was changed or is damaged (its checksum is wrong); restore it from a backup");
  }
  identity.uuid = fields["node"];
  if (!parse(fields["partitions"], identity.partitions, 10) ||
      !parse(fields["secret-check"], identity.secret_check, 16)) {
    return foreign("a field of it is malformed");
  }
  return identity;
}

Identity make_identity(std::uint16_t partitions) {
  Identity identity;
  identity.partitions = partitions;
  identity.secret = random_bytes(kSecretBytes);
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) identity.uuid.push_back('-');
    identity.uuid += hex(static_cast<unsigned char>(bytes[i]), 2);
  }
  return identity;
}

}  // namespace laurel::adapters::internal
