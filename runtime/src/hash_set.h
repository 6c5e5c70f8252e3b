/// HashSet: which hashes were added, by 32 of their bits. Open addressing: a look costs one place
/// in memory, each hash 4 bytes and the room between them, 5 to 11 in all.
///
/// Limits     What was not added is taken for something that was once in 2^32 / size() looks.
/// Lifecycle  Never shrinks but by being replaced.
/// Threads    One.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace laurel::runtime::internal {

class HashSet {
 public:
  bool contains(std::size_t hash) const {
    return count_ > 0 && slots_[place_of(bits_of(hash))] != kNone;
  }
  /// False: it was there.
  bool insert(std::size_t hash) {
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    std::uint32_t& slot = slots_[place_of(bits_of(hash))];
    if (slot != kNone) return false;
    slot = bits_of(hash);
    ++count_;
    return true;
  }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

 private:
  static constexpr std::uint32_t kNone = 0;
  static std::uint32_t bits_of(std::size_t hash) {
    const auto bits = static_cast<std::uint32_t>(hash);
    return bits == kNone ? 1 : bits;
  }
  // Where it is, or would be.
  std::size_t place_of(std::uint32_t bits) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = bits & mask;
    while (slots_[at] != kNone && slots_[at] != bits) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<std::uint32_t> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint32_t bits : old) {
      if (bits != kNone) slots_[place_of(bits)] = bits;
    }
  }

  std::vector<std::uint32_t> slots_;  // a power of two, or none
  std::size_t count_ = 0;
};

}  // namespace laurel::runtime::internal
