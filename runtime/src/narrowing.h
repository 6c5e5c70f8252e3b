/// Narrowing: what a commit was refused for is looked for by halves, in commits of nothing else.
///
///     refused: its work waits in `left`, before all other, and is tried again as it was
///     refused again: half of what holds the culprit ── durable ──▶ the other half holds it
///                                                   └─ refused ──▶ this half does; of one piece:
///                                                                  that is it
///     then one piece, two, four, ... as long as they are durable, until nothing is left
///
/// View       One partition.
/// Cost       Some 2 log2(n) commits when one piece of n is refused, two for each when all are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

#include "work.h"

namespace laurel::runtime::internal {

class Narrowing {
 public:
  /// Until then work runs as always; while it is on, nothing but what is left.
  bool on() const { return on_; }
  /// Of the next commit.
  std::size_t pieces_max() const {
    return suspects_ > 0 ? std::max<std::size_t>(suspects_ / 2, 1) : size_;
  }

  /// It begins: so many pieces were refused once.
  void again(std::size_t pieces) {
    on_ = true;
    size_ = pieces;
  }
  /// The first so many pieces are what was refused. REQUIRES: on().
  void refused(std::size_t pieces) {
    suspects_ = pieces;
    size_ = 1;
  }
  void durable(std::size_t pieces) {
    if (suspects_ == 0) size_ = std::min(size_ * 2, kSizeMax);
    suspects_ -= std::min(suspects_, pieces);
    if (left.empty()) end();
  }
  void end() { *this = Narrowing(); }

  std::deque<Work> left;  ///< in its old order

 private:
  static constexpr std::size_t kSizeMax = std::size_t{1} << 30U;

  bool on_ = false;
  std::size_t suspects_ = 0;  // so many of the next pieces hold one that is refused; 0: not known
  std::size_t size_ = 1;
};

}  // namespace laurel::runtime::internal
