/// Asks for memory before it is needed: most of what a partition touches was touched long ago, or
/// by another thread.
#pragma once

#include <cstddef>

namespace laurel::runtime {

/// That many lines of the cache from there on. Null is asked for nothing.
inline void prefetch_lines(const void* memory, std::size_t lines) {
  if (memory == nullptr) return;
  const auto* at = static_cast<const char*>(memory);
  for (std::size_t line = 0; line < lines; ++line) __builtin_prefetch(at + line * 64);
  // GCC takes a function that does nothing but ask for memory for one without effects, and leaves
  // out calls of it, and of what only calls it.
  asm volatile("");
}

}  // namespace laurel::runtime
