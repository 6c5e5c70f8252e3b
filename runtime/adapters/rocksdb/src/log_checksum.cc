// What RocksDB's log is checked with, the same CRC-32C by the processor's instruction (see
// cmake/ThirdParty.cmake): the linker sends each call of rocksdb::crc32c::Extend() here.
#include <cstddef>
#include <cstdint>

#include "laurel/adapters/disk/checksum.h"

// NOLINTNEXTLINE(readability-identifier-naming,bugprone-reserved-identifier): the linker's name
extern "C" std::uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t before,
                                                                const char* bytes,
                                                                std::size_t size) {
  return laurel::adapters::crc32c({bytes, size}, before);
}
