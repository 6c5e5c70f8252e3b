/// ByteArena: memory for many short texts that live and go together, such as the keys and values of
/// a commit. Taking some is an addition; all of it is freed at once.
///
/// Lifecycle  What was taken stays where it is, also when the arena is moved, until clear() or its
///            end.
/// Threads    One at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/runtime/sanitized.h"

namespace laurel::runtime {

class ByteArena {
 public:
  ByteArena() = default;
  ByteArena(ByteArena&& other) noexcept { *this = std::move(other); }
  ByteArena& operator=(ByteArena&& other) noexcept {
    chunks_ = std::exchange(other.chunks_, {});
    next_ = std::exchange(other.next_, nullptr);
    left_ = std::exchange(other.left_, 0);
    used_ = std::exchange(other.used_, 0);
    return *this;
  }
  ByteArena(const ByteArena&) = delete;
  ByteArena& operator=(const ByteArena&) = delete;
  ~ByteArena() = default;

  /// That many bytes, with anything in them. Of none, the address may be null.
  char* take(std::size_t size) {
    if (size > left_) add_chunk(size);
    char* taken = next_;
    next_ += size;
    left_ -= size;
    used_ += size;
    return taken;
  }
  /// A copy.
  std::string_view keep(std::string_view text) {
    if (text.empty()) return "";  // which is not nothing: an address is asked for
    char* taken = take(text.size());
    std::memcpy(taken, text.data(), text.size());
    return {taken, text.size()};
  }

  /// Bytes that were taken.
  std::size_t used() const { return used_; }

  /// Forgets what was taken. The first chunk is kept, for whoever fills it again soon; a sanitizer
  /// sees what still looks at what was taken before.
  void clear() {
    if (kSanitized || (!chunks_.empty() && chunks_.front().size > kLargestChunk)) chunks_.clear();
    if (chunks_.size() > 1) chunks_.resize(1);
    next_ = chunks_.empty() ? nullptr : chunks_.front().memory.get();
    left_ = chunks_.empty() ? 0 : chunks_.front().size;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kFirstChunk = std::size_t{16} << 10;
  static constexpr std::size_t kLargestChunk = std::size_t{256} << 10;
  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t size = 0;
  };
  // Each twice as large as the one before: few chunks, and little memory for few bytes.
  void add_chunk(std::size_t size_min) {
    std::size_t size = chunks_.empty() ? kFirstChunk : chunks_.back().size * 2;
    size = std::max(std::min(size, kLargestChunk), size_min);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    next_ = chunks_.back().memory.get();
    left_ = size;
  }

  std::vector<Chunk> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
};

}  // namespace laurel::runtime
