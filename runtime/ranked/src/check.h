// A broken invariant must not reach a board: it ends the process, in release too.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace laurel::ranked::internal {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: ranked: %s does not hold\n", file, line, expression);
  std::abort();
}

}  // namespace laurel::ranked::internal

#define RANKED_CHECK(expression) \
  (static_cast<bool>(expression) \
       ? static_cast<void>(0)    \
       : ::laurel::ranked::internal::check_failed(#expression, __FILE__, __LINE__))
