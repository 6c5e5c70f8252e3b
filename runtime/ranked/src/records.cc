#include "records.h"

#include <algorithm>

#include "check.h"

namespace laurel::ranked::internal {

Records::~Records() {
  for (unsigned chunk = 0; chunk < kChunks && chunks_[chunk] != nullptr; ++chunk) {
    shape_.memory->deallocate(chunks_[chunk], chunk_bytes(chunk));
  }
}

std::size_t Records::units_for(std::size_t member_bytes) const {
  std::size_t bytes = kIdAt + member_bytes;
  if (shape_.with_keys)
    bytes += sizeof(std::uint32_t) + (1 + shape_.columns) * sizeof(std::int64_t);
  return (bytes + kUnit - 1) / kUnit;
}

MemberRef Records::create(std::string_view member, Tie tie) {
  RANKED_CHECK(!member.empty() && member.size() <= kMemberBytesMax);
  const std::size_t units = units_for(member.size());
  MemberRef ref = 0;
  if (units < free_.size() && !free_[units].empty()) {
    ref = free_[units].back();
    free_[units].pop_back();
  } else {
    // A record lies in one chunk.
    unsigned chunk = chunk_of(next_);
    if (next_ + units > chunk_begin(chunk + 1)) next_ = chunk_begin(++chunk);
    RANKED_CHECK(next_ + units < (std::uint64_t{1} << 32));
    if (chunks_[chunk] == nullptr) {
      chunks_[chunk] = static_cast<char*>(shape_.memory->allocate(chunk_bytes(chunk)));
    }
    ref = static_cast<MemberRef>(next_);
    next_ += units;
  }
  char* at = address(ref);
  const auto low = static_cast<std::uint32_t>(static_cast<std::uint64_t>(tie));
  std::memcpy(at, &low, sizeof(low));
  at[kIdAt - 1] = static_cast<char>(static_cast<unsigned char>(member.size()));
  std::memcpy(at + kIdAt, member.data(), member.size());
  if (shape_.with_keys) {
    const auto high = static_cast<std::uint32_t>(static_cast<std::uint64_t>(tie) >> 32U);
    std::memcpy(at + kIdAt + member.size(), &high, sizeof(high));
  }
  return ref;
}

void Records::destroy(MemberRef ref) {
  const std::size_t units = units_for(member(ref).size());
  if (free_.size() <= units) free_.resize(units + 1);
  free_[units].push_back(ref);
}

void Records::set_key(MemberRef ref, const SortKey& key) {
  char* at = address(ref) + keys_at(ref) + sizeof(std::uint32_t);
  std::memcpy(at, &key.time, sizeof(key.time));
  std::memcpy(at + sizeof(key.time), key.columns.data(), shape_.columns * sizeof(std::int64_t));
}

SortKey Records::key(MemberRef ref) const {
  SortKey out;
  const char* at = address(ref) + keys_at(ref) + sizeof(std::uint32_t);
  std::memcpy(&out.time, at, sizeof(out.time));
  std::memcpy(out.columns.data(), at + sizeof(out.time), shape_.columns * sizeof(std::int64_t));
  return out;
}

Tie Records::tie(MemberRef ref) const {
  std::uint32_t high;
  std::memcpy(&high, address(ref) + keys_at(ref), sizeof(high));
  return Tie{(std::uint64_t{high} << 32U) | tie_low(ref)};
}

std::size_t Records::memory() const {
  std::size_t out = free_.capacity() * sizeof(std::vector<MemberRef>);
  for (const auto& list : free_) out += list.capacity() * sizeof(MemberRef);
  for (unsigned chunk = 0; chunk < kChunks && chunks_[chunk] != nullptr; ++chunk) {
    // What was never handed out was never touched, and costs no memory but for a page.
    constexpr std::uint64_t kPage = 4096;
    const std::uint64_t used = std::min(next_, chunk_begin(chunk + 1)) - chunk_begin(chunk);
    const std::uint64_t bytes = (used * kUnit + kPage - 1) / kPage * kPage;
    out += std::min<std::uint64_t>(bytes, chunk_bytes(chunk));
  }
  return out;
}

}  // namespace laurel::ranked::internal
