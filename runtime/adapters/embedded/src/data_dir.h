/// The data directory's IDENTITY (docs/formats/store.md).
#pragma once

#include <string>
#include <string_view>

#include "laurel/runtime/errors.h"
#include "store_format.h"

namespace laurel::adapters::internal {

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
