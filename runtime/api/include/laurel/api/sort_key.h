/// SortKey: what a ranked table orders its members by.
///
/// Why        Rank, "around me" and "top 100" need one total order that no arrival order can
/// change:
///            the score's columns, then the time they were reached, then SHA-256(run | member)
///            (DESIGN.md section 3 step 7). Integers only, so the order is exact.
/// Limits     kSortColumnsMax columns. The tie is the first 8 bytes of the hash; members whose 8
///            bytes are equal too are ordered by their id.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

#include "laurel/api/time_us.h"

namespace laurel {

inline constexpr std::size_t kSortColumnsMax = 3;

/// A column whose small values come first.
constexpr std::int64_t ascending(std::int64_t value) { return value; }
/// A column whose large values come first. It is its own inverse, and has no value that overflows.
constexpr std::int64_t descending(std::int64_t value) { return ~value; }

/// Smaller comes first: columns by `ascending` or `descending`, then the earlier time. Columns a
/// table does not use are 0.
struct SortKey {
  std::array<std::int64_t, kSortColumnsMax> columns{};
  TimeUs time = 0;

  friend constexpr auto operator<=>(const SortKey&, const SortKey&) = default;
};

/// What decides between members with equal SortKeys: the smaller comes first.
enum class Tie : std::uint64_t {};

/// The tie of a digest: its first 8 bytes, the first one the most significant.
constexpr Tie tie_of(std::span<const std::uint8_t, 32> digest) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = (out << 8U) | digest[i];
  return Tie{out};
}

}  // namespace laurel
