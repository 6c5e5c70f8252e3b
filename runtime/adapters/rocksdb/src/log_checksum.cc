#include "log_checksum.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "laurel/adapters/disk/checksum.h"
#include "laurel/runtime/errors.h"

#ifdef LAUREL_WRAPS_ROCKSDB_CHECKSUM

// The names are the linker's (--wrap): it sends each call of the one here, and this is the other.
// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier)
extern "C" std::uint32_t __real__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t before,
                                                                const char* bytes,
                                                                std::size_t size);
extern "C" std::uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t before,
                                                                const char* bytes,
                                                                std::size_t size) {
  return laurel::adapters::crc32c({bytes, size}, before);
}

void laurel::adapters::internal::check_log_checksum() {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i * 37));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::uint32_t before = static_cast<std::uint32_t>(size) * 0x9e3779b9U;
    LAUREL_ASSERT(crc32c({bytes.data(), size}, before) ==
                  __real__ZN7rocksdb6crc32c6ExtendEjPKcm(before, bytes.data(), size));
  }
}
// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier)

#else

void laurel::adapters::internal::check_log_checksum() {}

#endif
