/// KeyFilter: whether a set of keys may hold one; no is certain. A look costs one place in memory,
/// where a search through the rows of a commit costs a dozen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace laurel::runtime::internal {

class KeyFilter {
 public:
  void add(std::size_t hash) { word(hash) |= bit(hash); }
  bool may_hold(std::size_t hash) const { return (words_[(hash >> 6U) % kWords] & bit(hash)) != 0; }
  void clear() { words_.fill(0); }

 private:
  static constexpr std::size_t kWords = 1024;  // 8 KB: of 4,000 keys, six in a hundred are a maybe
  std::uint64_t& word(std::size_t hash) { return words_[(hash >> 6U) % kWords]; }
  static std::uint64_t bit(std::size_t hash) { return std::uint64_t{1} << (hash & 63U); }

  std::array<std::uint64_t, kWords> words_{};
};

}  // namespace laurel::runtime::internal
