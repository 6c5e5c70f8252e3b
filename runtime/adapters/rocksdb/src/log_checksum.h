/// What RocksDB's log is checked with: the same CRC-32C by the processor's instruction (see
/// cmake/ThirdParty.cmake). In builds whose RocksDB is a shared library, its own.
#pragma once

namespace laurel::adapters::internal {

/// Asserts that the two are the same: to be called before a log is written with one of them.
void check_log_checksum();

}  // namespace laurel::adapters::internal
