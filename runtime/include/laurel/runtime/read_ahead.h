/// Rows and records of a commit lie as its turns wrote them, by another thread, and are gone
/// through in another order: each would be waited for, so whoever goes through them asks ahead.
#pragma once

#include <cstddef>
#include <vector>

#include "laurel/runtime/engine.h"
#include "laurel/runtime/prefetch.h"

namespace laurel::runtime {

inline void prefetch(const Row& row) {
  prefetch_lines(row.key.data(), 1);
  if (row.value) prefetch_lines(row.value->data(), 4);
}

inline void prefetch(const Output& record) {
  prefetch_lines(record.key.data(), 1);
  prefetch_lines(record.value.data(), 2);
}

/// Asks for the one that is four after `at`, if there is one.
template <class T>
void read_ahead(const std::vector<T>& all, std::size_t at) {
  constexpr std::size_t kAhead = 4;
  if (all.size() - at > kAhead) prefetch(all[at + kAhead]);
}

}  // namespace laurel::runtime
