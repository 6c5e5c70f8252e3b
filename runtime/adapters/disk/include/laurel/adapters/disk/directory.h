/// Files and folders of a data directory: its lock, and files written so that a crash leaves the
/// old or the new one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/runtime/errors.h"

namespace laurel::adapters {

/// kStoreFailed with errno's text.
runtime::Error system_error(std::string_view doing, std::string_view path);
std::optional<std::string> read_file(const std::string& path);
/// Under another name first, synced, renamed, directory synced. Mode 0600.
runtime::Status write_file_durably(const std::string& path, std::string_view bytes);
runtime::Status sync_directory(const std::string& path);
/// Removes what is there, a folder with all that is in it. Nothing there: fine.
runtime::Status remove_all(const std::string& path);
/// With those above it.
runtime::Status make_directories(const std::string& path);
bool exists(const std::string& path);
/// From the system's generator. `size` up to 256.
std::string system_random(std::size_t size);

/// Held while it lives; gone with the process, however it ends.
class DirectoryLock {
 public:
  /// `shared`: for readers, together with other readers. Errors: kDataDirInUse names the holder.
  static runtime::Result<std::unique_ptr<DirectoryLock>> acquire(const std::string& path,
                                                                 bool shared);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace laurel::adapters
