#include "store.h"

#include <algorithm>
#include <new>
#include <utility>

#include "check.h"
#include "laurel/ranked/prefetch.h"

namespace laurel::ranked::internal {

namespace {
constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20U;
}  // namespace

Pool::~Pool() {
  for (const Chunk& chunk : chunks_) memory_->deallocate(chunk.begin, chunk.bytes, kLine);
}

void* Pool::take() {
  if (!free_.empty()) {
    void* block = free_.back();
    free_.pop_back();
    // One of the next is fetched, so that writing it does not wait.
    constexpr std::size_t kAhead = 6;
    if (free_.size() >= kAhead) prefetch_to_write(free_[free_.size() - kAhead], block_bytes_);
    return block;
  }
  if (used_ == chunk_blocks_) {
    // A quarter of what there is: a small table stays small.
    const std::size_t bytes = std::clamp(allocated_ / 4, 2 * block_bytes_, kHugePage);
    chunk_blocks_ = bytes / block_bytes_;
    used_ = 0;
    chunks_.push_back({static_cast<std::byte*>(memory_->allocate(bytes, kLine)), bytes});
  }
  allocated_ += block_bytes_;
  return chunks_.back().begin + block_bytes_ * used_++;
}

std::size_t Pool::memory() const {
  return allocated_ + (chunk_blocks_ - used_) * block_bytes_ + free_.capacity() * sizeof(void*) +
         chunks_.capacity() * sizeof(Chunk);
}

Store::Store(Records::Shape shape)
    : columns_(shape.columns),
      records_(shape),
      leaves_(bytes_of_node<Leaf>(shape.columns), shape.memory),
      inners_(bytes_of_node<Inner>(shape.columns), shape.memory) {}

Leaf* Store::take_leaf(std::uint64_t generation) {
  Leaf* leaf = new (leaves_.take()) Leaf;
  leaf->generation = generation;
  leaf->size = 0;
  leaf->level = 0;
  leaf->spare = 0;
  return leaf;
}

Inner* Store::take_inner(std::uint64_t generation, unsigned level) {
  Inner* inner = new (inners_.take()) Inner;
  inner->generation = generation;
  inner->size = 0;
  inner->level = static_cast<std::uint16_t>(level);
  inner->spare = 0;
  inner->joined = 0;
  return inner;
}

void Store::give(Node* node) {
  if (node->level == 0) {
    leaves_.give(node);
  } else {
    inners_.give(node);
  }
}

Version& Store::add(Version version) {
  RANKED_CHECK(versions_.empty() || versions_.back()->generation < version.generation);
  versions_.push_back(std::make_unique<Version>(std::move(version)));
  return *versions_.back();
}

void Store::drop(Version* version) {
  version->next_dropped = dropped_.load(std::memory_order_relaxed);
  while (!dropped_.compare_exchange_weak(version->next_dropped, version, std::memory_order_release,
                                         std::memory_order_relaxed)) {
  }
}

void Store::reclaim() {
  Version* version = dropped_.exchange(nullptr, std::memory_order_acquire);
  while (version != nullptr) {
    Version* next = version->next_dropped;
    const auto at = std::find_if(versions_.begin(), versions_.end(),
                                 [&](const auto& one) { return one.get() == version; });
    RANKED_CHECK(at != versions_.end());
    bury(*version, at == versions_.begin() ? nullptr : std::prev(at)->get());
    versions_.erase(at);
    version = next;
  }
}

// REQUIRES: `older` is the next older version that is alive, if any.
void Store::bury(Version& version, Version* older) {
  for (const DeadNode& dead : version.dead_nodes) {
    if (older != nullptr && dead.generation <= older->generation) {
      older->dead_nodes.push_back(dead);
    } else {
      give(dead.node);
    }
  }
  for (const MemberRef ref : version.dead_records) {
    if (older != nullptr) {
      older->dead_records.push_back(ref);
    } else {
      records_.destroy(ref);
    }
  }
}

std::size_t Store::memory() const {
  std::size_t out = sizeof(*this) + leaves_.memory() + inners_.memory() + records_.memory();
  for (const auto& version : versions_) {
    out += sizeof(Version) + version->dead_nodes.capacity() * sizeof(DeadNode) +
           version->dead_records.capacity() * sizeof(MemberRef);
  }
  return out;
}

}  // namespace laurel::ranked::internal
