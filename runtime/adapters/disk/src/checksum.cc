#include "laurel/adapters/disk/checksum.h"

#include <array>
#include <cstring>

namespace laurel::adapters {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

std::uint32_t by_table(std::string_view bytes, std::uint32_t crc) {
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return crc;
}

#ifdef __x86_64__
// The processor's own instruction, eight bytes at a time: some 20 times as fast as the table.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes,
                                                               std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; bytes.size() >= sizeof wide; bytes.remove_prefix(sizeof wide)) {
    std::uint64_t next = 0;
    std::memcpy(&next, bytes.data(), sizeof next);
    wide = __builtin_ia32_crc32di(wide, next);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const char c : bytes) crc = __builtin_ia32_crc32qi(crc, static_cast<unsigned char>(c));
  return crc;
}
#endif

std::uint32_t extend(std::string_view bytes, std::uint32_t crc) {
#ifdef __x86_64__
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return by_instruction(bytes, crc);
#endif
  return by_table(bytes, crc);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  return ~extend(bytes, ~before);
}

std::uint32_t crc32c_by_table(std::string_view bytes) { return ~by_table(bytes, ~0U); }

}  // namespace laurel::adapters
