/// KeyFilter: whether a set of keys may hold one; no is certain. A look costs one place in memory,
/// where a search through the rows of a commit costs a dozen.
///
/// Limits     64 KB once something was added; of 40,000 keys, two in a hundred are a maybe.
/// Lifecycle  clear() keeps the memory, and gives it back when nothing was added since the last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace laurel::runtime::internal {

class KeyFilter {
 public:
  void add(std::size_t hash) {
    if (words_.empty()) words_.resize(kWords);
    words_[place_of(hash)] |= bits_of(hash);
    used_ = true;
  }
  bool may_hold(std::size_t hash) const {
    return used_ && (words_[place_of(hash)] & bits_of(hash)) == bits_of(hash);
  }
  void clear() {
    if (used_) {
      std::fill(words_.begin(), words_.end(), 0);
    } else {
      words_ = std::vector<std::uint64_t>();
    }
    used_ = false;
  }

 private:
  static constexpr std::size_t kWords = 8192;
  static std::size_t place_of(std::size_t hash) { return (hash >> 6U) % kWords; }
  static std::uint64_t bits_of(std::size_t hash) {
    return std::uint64_t{1} << (hash & 63U) | std::uint64_t{1} << (hash >> 58U);
  }

  std::vector<std::uint64_t> words_;
  bool used_ = false;
};

}  // namespace laurel::runtime::internal
