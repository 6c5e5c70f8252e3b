// Which members a table holds, by id: a hash table of references to their records.
//
// A bucket is one cache line of twelve; a lookup costs the line and the record. A bucket that is
// full passes members on to the next and counts them, so that a lookup knows where to stop.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "node.h"
#include "records.h"

namespace laurel::ranked::internal {

std::uint64_t hash_of(std::string_view member, std::uint64_t seed);

class MemberIndex {
 public:
  MemberIndex(const Records& records, std::uint64_t seed, std::pmr::memory_resource* memory)
      : records_(records), seed_(seed), buckets_(memory) {}

  std::uint64_t hash(std::string_view member) const { return hash_of(member, seed_); }
  std::optional<MemberRef> find(std::string_view member, std::uint64_t hash) const;
  // What find() will read: first call the one, some lookups later the other.
  void prefetch_bucket(std::uint64_t hash) const;
  void prefetch_record(std::uint64_t hash) const;
  // REQUIRES: the member is not there.
  void insert(MemberRef ref, std::uint64_t hash);
  // REQUIRES: it is there.
  void erase(MemberRef ref, std::uint64_t hash);
  void reserve(std::uint64_t members);
  std::size_t memory() const { return buckets_.capacity() * sizeof(Bucket); }

 private:
  static constexpr unsigned kSlots = 12;
  struct alignas(64) Bucket {
    std::uint8_t tags[kSlots] = {};  // 0: empty
    std::uint32_t passed_on = 0;     // members that belong here or before, and are further on
    MemberRef refs[kSlots] = {};
  };

  static std::uint8_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint8_t>((hash & 0xFFU) == 0 ? 1 : hash & 0xFFU);
  }
  std::size_t home_of(std::uint64_t hash) const;
  std::size_t after(std::size_t bucket) const {
    return bucket + 1 == buckets_.size() ? 0 : bucket + 1;
  }
  void rebuild(std::size_t buckets);

  const Records& records_;
  const std::uint64_t seed_;
  std::pmr::vector<Bucket> buckets_;
  std::uint64_t size_ = 0;
};

}  // namespace laurel::ranked::internal
