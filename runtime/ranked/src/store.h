// Where the nodes and records of all versions live, and when they are used again.
//
// A node dies when the open version replaces it, but older versions may still show it. It is then
// noted with the youngest of them; when that version is dropped it passes to the next older one
// that was there when the node was (its generation tells), or is free (the dead lists of ZFS
// snapshots). So a page pinned for long costs the nodes it shows, not those of all versions since.
//
// Threads: readers only drop pins, which puts the version on a list that the tree's thread empties.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <vector>

#include "node.h"
#include "records.h"

namespace laurel::ranked::internal {

// Blocks of one size. Freed blocks are remembered aside: they are cold, and not worth touching.
class Pool {
 public:
  Pool(std::size_t block_bytes, std::pmr::memory_resource* memory)
      : block_bytes_((block_bytes + 63) / 64 * 64), memory_(memory) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  void* take();
  void give(void* block) { free_.push_back(block); }
  std::size_t memory() const;

 private:
  struct Chunk {
    std::byte* begin;
    std::size_t bytes;
  };
  const std::size_t block_bytes_;
  std::pmr::memory_resource* const memory_;
  std::vector<Chunk> chunks_;
  std::size_t chunk_blocks_ = 0;  // of the last chunk
  std::size_t used_ = 0;          // of the last chunk
  std::size_t allocated_ = 0;     // bytes of all chunks but what is not used of the last
  std::vector<void*> free_;
};

struct DeadNode {
  Node* node;
  std::uint64_t generation;
};

struct Version {
  std::uint64_t generation = 0;
  std::uint64_t commit = 0;
  Node* root = nullptr;
  std::uint64_t size = 0;
  // Last shown by this version.
  std::vector<DeadNode> dead_nodes;
  std::vector<MemberRef> dead_records;
  Version* next_dropped = nullptr;
};

class Store {
 public:
  explicit Store(Records::Shape shape);

  unsigned columns() const { return columns_; }
  Records& records() { return records_; }
  const Records& records() const { return records_; }

  Leaf* take_leaf(std::uint64_t generation);
  Inner* take_inner(std::uint64_t generation, unsigned level);
  void give(Node* node);

  // Versions in order of generation. The last one is the committed one.
  Version& add(Version version);
  // Any thread, once per version.
  void drop(Version* version);
  // Frees what only dropped versions showed.
  void reclaim();
  std::size_t versions() const { return versions_.size(); }

  std::size_t memory() const;

 private:
  void bury(Version& version, Version* older);

  const unsigned columns_;
  Records records_;
  Pool leaves_;
  Pool inners_;
  std::deque<std::unique_ptr<Version>> versions_;
  std::atomic<Version*> dropped_{nullptr};
};

// Keeps a version, and the store it is in. Its last owner drops the version, on any thread.
struct Pin {
  Pin(std::shared_ptr<Store> in, Version& of) : store(std::move(in)), version(&of) {}
  ~Pin() { store->drop(version); }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

  std::shared_ptr<Store> store;
  Version* version;
};

}  // namespace laurel::ranked::internal
