/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of what the engine keeps outside the database.
#pragma once

#include <cstdint>
#include <string_view>

namespace laurel::adapters {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace laurel::adapters
