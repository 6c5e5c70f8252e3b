/// KeyOrder: puts keys in order. Keys of a commit begin alike (`entry 0 board-7@...`), so that a
/// comparison of two goes over the same bytes again and again: here each is looked at once, eight
/// bytes at a time. Multikey quicksort (Bentley, Sedgewick 1997) with the bytes at hand kept beside
/// the key (Ng, Kakehi 2007): half the time of std::sort over commits of ten thousand.
///
/// Threads  One.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace laurel::runtime::internal {

class KeyOrder {
 public:
  void reserve(std::size_t keys) { keys_.reserve(keys); }
  /// `at`: what the key is of, for the caller. REQUIRES: less than 4 GiB; it stays where it is.
  void add(std::string_view key, std::uint32_t at);
  /// Ascending, byte by byte. Equal ones in any order.
  void sort();
  /// With another bound on how often ranges are split before std::sort() takes over: for tests.
  void sort(int splits);
  template <class Use>
  void each(Use use) const {
    for (const Key& key : keys_) use(key.at);
  }

 private:
  struct Key {
    std::uint64_t word = 0;  // eight bytes, behind those that all of its range share
    const char* data = nullptr;
    std::uint32_t size = 0;
    std::uint32_t at = 0;
    std::string_view from(std::size_t depth) const {
      return depth < size ? std::string_view(data + depth, size - depth) : std::string_view();
    }
  };
  static std::uint64_t word_of(const Key& key, std::size_t depth);
  static bool before(const Key& a, const Key& b, std::size_t depth);
  static void sort_few(Key* first, Key* last, std::size_t depth);
  static void sort(Key* first, Key* last, std::size_t depth, int splits);

  std::vector<Key> keys_;
};

}  // namespace laurel::runtime::internal
