/// Writer and Reader: the few shapes that stored values are made of.
///
///     u8, u32 and u64 big-endian; varint (LEB128, at most 10 bytes); zigzag varint;
///     bytes: varint length, then the bytes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace laurel::adapters {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { big_endian(value, 2); }
  void u32(std::uint32_t value) { big_endian(value, 4); }
  void u64(std::uint64_t value) { big_endian(value, 8); }
  void varint(std::uint64_t value);
  void zigzag(std::int64_t value);
  void bytes(std::string_view value) {
    varint(value.size());
    out_.append(value);
  }
  /// varint count, then of each its name as bytes and what `value` writes.
  template <class Map, class Value>
  void each(const Map& map, const Value& value) {
    varint(map.size());
    for (const auto& [name, what] : map) {
      bytes(name);
      value(what);
    }
  }

 private:
  void big_endian(std::uint64_t value, int bytes);

  std::string& out_;
};

/// A read past the end, or of something malformed, gives zero or nothing and makes ok() false for
/// ever.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  std::uint64_t varint();
  std::int64_t zigzag();
  std::string_view bytes() { return take(varint()); }
  std::string_view take(std::uint64_t size);
  /// As Writer::each(): `value` reads one.
  template <class Map, class Value>
  void each(Map& map, const Value& value) {
    for (std::uint64_t left = varint(); left > 0 && ok(); --left) {
      const std::string_view name = bytes();
      map[std::string(name)] = value();
    }
  }

  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

 private:
  std::uint64_t big_endian(std::size_t bytes);

  std::string_view in_;
  bool ok_ = true;
};

}  // namespace laurel::adapters
