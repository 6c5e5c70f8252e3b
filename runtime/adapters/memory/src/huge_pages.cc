#include "laurel/adapters/memory/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <new>

namespace laurel::adapters::memory {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20U;

class HugePages final : public std::pmr::memory_resource {
  static std::size_t alignment_for(std::size_t bytes, std::size_t alignment) {
    return bytes >= kHugePage ? std::max(alignment, kHugePage) : alignment;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* block = ::operator new(bytes, std::align_val_t{alignment_for(bytes, alignment)});
    // Only advice: a system that does not take it gives ordinary pages.
    if (bytes >= kHugePage) madvise(block, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    ::operator delete(block, std::align_val_t{alignment_for(bytes, alignment)});
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace

std::pmr::memory_resource& huge_pages() {
  static HugePages pages;
  return pages;
}

}  // namespace laurel::adapters::memory
