/// KeyFilter: whether a set of keys may hold one; no is certain. A look costs one place in memory,
/// where a search through the rows of a commit costs a dozen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace laurel::runtime::internal {

class KeyFilter {
 public:
  void add(std::size_t hash) { words_[place_of(hash)] |= bits_of(hash); }
  bool may_hold(std::size_t hash) const {
    return (words_[place_of(hash)] & bits_of(hash)) == bits_of(hash);
  }
  void clear() { words_.fill(0); }

 private:
  static constexpr std::size_t kWords =
      8192;  // 64 KB: of 40,000 keys, two in a hundred are a maybe
  static std::size_t place_of(std::size_t hash) { return (hash >> 6U) % kWords; }
  static std::uint64_t bits_of(std::size_t hash) {
    return std::uint64_t{1} << (hash & 63U) | std::uint64_t{1} << (hash >> 58U);
  }

  std::array<std::uint64_t, kWords> words_{};
};

}  // namespace laurel::runtime::internal
