/// HashSet: which hashes were added. Open addressing: a look costs one place in memory, each hash 8
/// bytes and the room between them, 11 to 22 in all.
///
/// Lifecycle  Never shrinks but by being replaced.
/// Threads    One.
#pragma once

#include <cstddef>
#include <vector>

namespace laurel::runtime::internal {

class HashSet {
 public:
  bool contains(std::size_t hash) const {
    return count_ > 0 && slots_[place_of(named(hash))] != kNone;
  }
  /// False: it was there.
  bool insert(std::size_t hash) {
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    std::size_t& slot = slots_[place_of(named(hash))];
    if (slot != kNone) return false;
    slot = named(hash);
    ++count_;
    return true;
  }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

 private:
  static constexpr std::size_t kNone = 0;
  // One hash in 2^64 is taken for its neighbour.
  static std::size_t named(std::size_t hash) { return hash == kNone ? 1 : hash; }
  // Where it is, or would be.
  std::size_t place_of(std::size_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != kNone && slots_[at] != hash) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<std::size_t> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const std::size_t hash : old) {
      if (hash != kNone) slots_[place_of(hash)] = hash;
    }
  }

  std::vector<std::size_t> slots_;  // a power of two, or none
  std::size_t count_ = 0;
};

}  // namespace laurel::runtime::internal
