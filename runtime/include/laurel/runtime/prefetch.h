/// Asks for memory before it is needed: most of what a partition touches was touched long ago, or
/// by another thread.
#pragma once

#include <cstddef>

#include "laurel/ranked/prefetch.h"

namespace laurel::runtime {

/// That many lines of the cache from there on. Null is asked for nothing.
inline void prefetch_lines(const void* memory, std::size_t lines) {
  if (memory != nullptr) ranked::prefetch(memory, lines * 64);
}

}  // namespace laurel::runtime
