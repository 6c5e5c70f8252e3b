#include "laurel/adapters/disk/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace laurel::adapters {
namespace {

using runtime::Error;
using runtime::ErrorCode;

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

std::string holder_of(const std::string& path) {
  const std::optional<std::string> text = read_file(path);
  if (!text || text->empty()) return "another process";
  return "process " + text->substr(0, text->find('\n'));
}

}  // namespace

std::string system_random(std::size_t size) {
  std::string bytes(size, '\0');
  // Up to 256 bytes come whole.
  LAUREL_ASSERT(::getrandom(bytes.data(), size, 0) == static_cast<ssize_t>(size));
  return bytes;
}

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

runtime::Status remove_all(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return Error{ErrorCode::kStoreFailed, "removing " + path + ": " + error.message()};
  return {};
}

runtime::Status make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error{ErrorCode::kStoreFailed, "making " + path + ": " + error.message()};
  return {};
}

}  // namespace laurel::adapters
