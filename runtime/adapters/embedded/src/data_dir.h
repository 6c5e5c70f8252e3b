/// The data directory: its lock, its IDENTITY, and files written so that a crash leaves the old or
/// the new one (docs/formats/store.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/runtime/errors.h"
#include "store_format.h"

namespace laurel::adapters::internal {

/// kStoreFailed with errno's text.
runtime::Error system_error(std::string_view doing, std::string_view path);
std::optional<std::string> read_file(const std::string& path);
/// Under another name first, synced, renamed, directory synced. Mode 0600.
runtime::Status write_file_durably(const std::string& path, std::string_view bytes);
runtime::Status sync_directory(const std::string& path);
bool exists(const std::string& path);

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

/// What IDENTITY says: who made the directory, and a check of the secret that is in the database.
struct IdentityFile {
  std::uint32_t format = kFormatVersion;
  std::uint16_t partitions = 0;
  std::string uuid;
  std::uint32_t secret_check = 0;
};
IdentityFile identity_file_of(const Identity& identity);
std::string encode_identity_file(const IdentityFile& identity);
/// Errors: kDataDirForeign, with why.
runtime::Result<IdentityFile> decode_identity_file(std::string_view bytes, const std::string& path);

/// A new random (version 4) UUID, and 32 random bytes.
Identity make_identity(std::uint16_t partitions);

}  // namespace laurel::adapters::internal
