/// huge_pages(): memory for what is large and read at random.
///
/// Why        A table of tens of megabytes in pages of 4 KiB misses the TLB at nearly every access,
/// on
///            top of the cache: about a fifth of the time.
/// Threads    Any.
/// Limits     Blocks under 2 MiB come from the heap. Without huge pages in the system it is only a
///            heap aligned to them.
#pragma once

#include <memory_resource>

namespace laurel::adapters::memory {

/// Lives as long as the program.
std::pmr::memory_resource& huge_pages();

}  // namespace laurel::adapters::memory
