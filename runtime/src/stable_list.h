/// StableList: objects that stay where they are, in the order they came. Like a deque, but clear()
/// keeps memory: a deque of rows asks for some every ten of them, commit after commit.
///
/// Lifecycle  clear() keeps as much as was in use, of an empty list nothing. What an object holds
/// is
///            given up when another takes its place.
/// Threads    One.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "laurel/runtime/sanitized.h"

namespace laurel::runtime::internal {

template <class T>
class StableList {
 public:
  StableList() = default;
  StableList(const StableList&) = delete;
  StableList& operator=(const StableList&) = delete;

  T& push_back(T object) {
    if (count_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<T[]>(kBlock));
    T& place = blocks_[count_ / kBlock][count_ % kBlock];
    ++count_;
    return place = std::move(object);
  }
  /// REQUIRES: at < size().
  const T& operator[](std::size_t at) const { return blocks_[at / kBlock][at % kBlock]; }
  template <class Use>
  void each(Use use) const {
    for (std::size_t at = 0; at < count_; ++at) use((*this)[at]);
  }
  void clear() {
    blocks_.resize(kSanitized ? 0 : (count_ + kBlock - 1) / kBlock);
    count_ = 0;
  }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  /// How many there is memory for.
  std::size_t capacity() const { return blocks_.size() * kBlock; }

 private:
  static constexpr std::size_t kBlock = 256;

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t count_ = 0;
};

}  // namespace laurel::runtime::internal
