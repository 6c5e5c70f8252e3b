/// Cache lines that will be read soon. A large table is not in the cache: what is asked for early,
/// for many operations side by side, costs a tenth of what it costs when it is needed.
#pragma once

#include <cstddef>

namespace laurel::ranked {

inline void prefetch(const void* begin, std::size_t bytes = 1) {
  const auto* at = static_cast<const char*>(begin);
  for (std::size_t line = 0; line < bytes; line += 64) __builtin_prefetch(at + line);
  // g++ takes a function that only prefetches for one without effect, and drops the calls of it and
  // of what only calls it.
  __asm__ volatile("");
}

inline void prefetch_to_write(const void* begin, std::size_t bytes) {
  const auto* at = static_cast<const char*>(begin);
  for (std::size_t line = 0; line < bytes; line += 64) __builtin_prefetch(at + line, 1);
  __asm__ volatile("");
}

}  // namespace laurel::ranked
