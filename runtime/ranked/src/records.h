// The members' ids and lower tie halves, each at a 32-bit reference for as long as any version
// shows the member. Tables with a member index keep each member's current key here as well.
//
// Memory comes in chunks of doubling size, so that a small table is small, an address never moves,
// and a reader finds a record without a lock: it only follows chunk pointers that were set before
// its version was made.
//
//   record: tie_low u32 | id length u8 | id | with keys: tie_high u32, time i64, columns i64...
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "laurel/ranked/prefetch.h"
#include "laurel/ranked/row.h"
#include "node.h"

namespace laurel::ranked::internal {

class Records {
 public:
  struct Shape {
    unsigned columns = 1;
    bool with_keys = false;
    std::pmr::memory_resource* memory = std::pmr::new_delete_resource();
  };
  explicit Records(Shape shape) : shape_(shape) {}
  ~Records();
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // REQUIRES: 1 <= member.size() <= kMemberBytesMax.
  MemberRef create(std::string_view member, Tie tie);
  // Its bytes are used again: no version may show it.
  void destroy(MemberRef ref);

  std::string_view member(MemberRef ref) const {
    const char* at = address(ref);
    return {at + kIdAt, static_cast<unsigned char>(at[kIdAt - 1])};
  }
  std::uint32_t tie_low(MemberRef ref) const {
    std::uint32_t out;
    std::memcpy(&out, address(ref), sizeof(out));
    return out;
  }
  void prefetch(MemberRef ref) const { ranked::prefetch(address(ref), 44); }

  // With keys only, and only for the tree's thread: other threads never read this part.
  void set_key(MemberRef ref, const SortKey& key);
  SortKey key(MemberRef ref) const;
  Tie tie(MemberRef ref) const;

  std::size_t memory() const;

 private:
  static constexpr std::size_t kIdAt = sizeof(std::uint32_t) + 1;
  static constexpr std::uint64_t kUnit = 2;      // bytes per step of a reference
  static constexpr unsigned kFirstChunkLog = 9;  // in units: 1 KiB
  static constexpr unsigned kChunks = 33 - kFirstChunkLog;

  static unsigned chunk_of(std::uint64_t unit) {
    return static_cast<unsigned>(std::bit_width((unit >> kFirstChunkLog) + 1) - 1) & 31U;
  }
  static std::uint64_t chunk_begin(unsigned chunk) {
    return (std::uint64_t{1} << (chunk + kFirstChunkLog)) - (std::uint64_t{1} << kFirstChunkLog);
  }
  const char* address(MemberRef ref) const {
    const unsigned chunk = chunk_of(ref);
    return chunks_[chunk] + (ref - chunk_begin(chunk)) * kUnit;
  }
  char* address(MemberRef ref) {
    const unsigned chunk = chunk_of(ref);
    return chunks_[chunk] + (ref - chunk_begin(chunk)) * kUnit;
  }
  static std::size_t chunk_bytes(unsigned chunk) { return kUnit << (chunk + kFirstChunkLog); }
  std::size_t units_for(std::size_t member_bytes) const;
  std::size_t keys_at(MemberRef ref) const { return kIdAt + member(ref).size(); }

  const Shape shape_;
  std::array<char*, kChunks> chunks_{};
  std::uint64_t next_ = 0;                    // units handed out so far
  std::vector<std::vector<MemberRef>> free_;  // by units
};

}  // namespace laurel::ranked::internal
