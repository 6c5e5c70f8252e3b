/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of what the engines keep outside the database, and
/// of records of inputs.
#pragma once

#include <cstdint>
#include <string_view>

namespace laurel::adapters {

/// `before`: the checksum of what the bytes follow: of "ab" it is crc32c("b", crc32c("a")).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

/// The same without the processor's instruction: for processors that have none, and for tests.
std::uint32_t crc32c_by_table(std::string_view bytes);

}  // namespace laurel::adapters
