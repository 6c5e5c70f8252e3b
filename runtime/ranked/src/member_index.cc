#include "member_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "check.h"
#include "laurel/ranked/prefetch.h"

namespace laurel::ranked::internal {

namespace {

__extension__ typedef unsigned __int128 Uint128;  // NOLINT(modernize-use-using)

std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace

// Multiply and fold, as wyhash does.
std::uint64_t hash_of(std::string_view member, std::uint64_t seed) {
  constexpr std::uint64_t kFirst = 0x9E3779B97F4A7C15U;
  constexpr std::uint64_t kSecond = 0xD6E8FEB86659FD93U;
  std::uint64_t out = seed ^ (member.size() * kFirst);
  const auto take = [&](std::size_t bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, member.data(), bytes);
    out = folded_product(out ^ word ^ kFirst, kSecond ^ (out << 1U));
    member.remove_prefix(bytes);
  };
  while (member.size() >= sizeof(std::uint64_t)) take(sizeof(std::uint64_t));
  if (!member.empty()) take(member.size());
  return folded_product(out ^ kSecond, kFirst);
}

std::size_t MemberIndex::home_of(std::uint64_t hash) const {
  return static_cast<std::size_t>((static_cast<Uint128>(hash) * buckets_.size()) >> 64U);
}

std::optional<MemberRef> MemberIndex::find(std::string_view member, std::uint64_t hash) const {
  if (buckets_.empty()) return std::nullopt;
  const std::uint8_t tag = tag_of(hash);
  const std::size_t home = home_of(hash);
  std::size_t at = home;
  do {
    const Bucket& bucket = buckets_[at];
    for (unsigned i = 0; i < kSlots; ++i) {
      if (bucket.tags[i] == tag && records_.member(bucket.refs[i]) == member) return bucket.refs[i];
    }
    if (bucket.passed_on == 0) return std::nullopt;
    at = after(at);
  } while (at != home);
  return std::nullopt;
}

void MemberIndex::prefetch_bucket(std::uint64_t hash) const {
  if (!buckets_.empty()) ranked::prefetch(&buckets_[home_of(hash)]);
}

void MemberIndex::prefetch_record(std::uint64_t hash) const {
  if (buckets_.empty()) return;
  const Bucket& bucket = buckets_[home_of(hash)];
  const std::uint8_t tag = tag_of(hash);
  for (unsigned i = 0; i < kSlots; ++i) {
    if (bucket.tags[i] == tag) records_.prefetch(bucket.refs[i]);
  }
}

void MemberIndex::insert(MemberRef ref, std::uint64_t hash) {
  reserve(size_ + 1);
  ++size_;
  for (std::size_t at = home_of(hash);; at = after(at)) {
    Bucket& bucket = buckets_[at];
    for (unsigned i = 0; i < kSlots; ++i) {
      if (bucket.tags[i] != 0) continue;
      bucket.tags[i] = tag_of(hash);
      bucket.refs[i] = ref;
      return;
    }
    ++bucket.passed_on;
  }
}

void MemberIndex::erase(MemberRef ref, std::uint64_t hash) {
  RANKED_CHECK(size_ > 0);
  --size_;
  const std::uint8_t tag = tag_of(hash);
  for (std::size_t at = home_of(hash);; at = after(at)) {
    Bucket& bucket = buckets_[at];
    for (unsigned i = 0; i < kSlots; ++i) {
      if (bucket.tags[i] != tag || bucket.refs[i] != ref) continue;
      bucket.tags[i] = 0;
      return;
    }
    RANKED_CHECK(bucket.passed_on > 0);
    --bucket.passed_on;
  }
}

// Between 5/9 and 5/6 full.
void MemberIndex::reserve(std::uint64_t members) {
  if (members * 6 <= buckets_.size() * kSlots * 5) return;
  const std::size_t needed =
      static_cast<std::size_t>(members * 6 / (std::uint64_t{kSlots} * 5)) + 1;
  rebuild(std::max(needed, buckets_.size() * 3 / 2));
}

void MemberIndex::rebuild(std::size_t buckets) {
  std::pmr::vector<Bucket> old(buckets, buckets_.get_allocator());
  old.swap(buckets_);
  size_ = 0;
  for (const Bucket& bucket : old) {
    for (unsigned i = 0; i < kSlots; ++i) {
      if (bucket.tags[i] != 0) insert(bucket.refs[i], hash(records_.member(bucket.refs[i])));
    }
  }
}

}  // namespace laurel::ranked::internal
