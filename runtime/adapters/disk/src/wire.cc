#include "laurel/adapters/disk/wire.h"

namespace laurel::adapters {

void Writer::varint(std::uint64_t value) {
  while (value >= 0x80) {
    u8(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  u8(static_cast<std::uint8_t>(value));
}

void Writer::zigzag(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  varint((bits << 1) ^ (value < 0 ? ~0ULL : 0ULL));
}

void Writer::big_endian(std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out_.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

std::string_view Reader::take(std::uint64_t size) {
  if (!ok_ || size > in_.size()) {
    ok_ = false;
    in_ = {};
    return {};
  }
  const std::string_view taken = in_.substr(0, size);
  in_.remove_prefix(size);
  return taken;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char c : take(bytes)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    const std::uint64_t byte = u8();
    if (!ok_) return 0;
    // The tenth byte has room for one bit.
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

std::int64_t Reader::zigzag() {
  const std::uint64_t bits = varint();
  return static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~0ULL : 0ULL));
}

}  // namespace laurel::adapters
