// How a place is found in a node.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "laurel/ranked/prefetch.h"
#include "laurel/ranked/view.h"
#include "node.h"
#include "records.h"

namespace laurel::ranked::internal {

// What is searched for: a row, or everybody with the same columns or the same (columns, time).
struct Probe {
  enum class Depth : std::uint8_t { kColumns, kResult, kRow };

  std::int64_t columns[3] = {};
  std::int64_t time = 0;
  std::uint32_t tie_high = 0;
  std::uint32_t tie_low = 0;
  std::string_view member;
  MemberRef ref = kNoMember;  // the member's, where it is known: it saves reading the record
  Depth depth = Depth::kRow;
  bool after_equal = false;  // the place after all that are equal, not before them
};

Probe probe_of(const Row& row);
Probe probe_of(const SortKey& key, Probe::Depth depth, bool after_equal = false);

// Whether all columns beyond those of the table are 0.
inline bool uses_only(const SortKey& key, unsigned columns) {
  for (std::size_t c = columns; c < kSortColumnsMax; ++c) {
    if (key.columns[c] != 0) return false;
  }
  return true;
}

inline SortKey key_of(const Item& item) {
  return {{item.columns[0], item.columns[1], item.columns[2]}, item.time};
}

// How many of the first columns are below `x`. Without a branch that depends on the data: it would
// be mispredicted at every second step.
template <class N>
unsigned first_columns_below(const N& node, std::int64_t x) {
  unsigned base = 0;
  unsigned left = node.size;
  while (left > 1) {
    const unsigned half = left / 2;
    base += c0_at(node, base + half - 1) < x ? half : 0;
    left -= half;
  }
  return base + (left == 1 && c0_at(node, base) < x ? 1U : 0U);
}

// <0, 0, >0: how row i of the node compares with the probe, their first columns being equal.
template <class N>
int compare_rest(const Lens& lens, const N& node, unsigned i, const Probe& probe) {
  for (unsigned c = 1; c < lens.columns; ++c) {
    const std::int64_t mine = more_column(&node, c)[i];
    if (mine != probe.columns[c]) return mine < probe.columns[c] ? -1 : 1;
  }
  if (probe.depth == Probe::Depth::kColumns) return 0;
  if (time_at(node, i) != probe.time) return time_at(node, i) < probe.time ? -1 : 1;
  if (probe.depth == Probe::Depth::kResult) return 0;
  if (tie_at(node, i) != probe.tie_high) return tie_at(node, i) < probe.tie_high ? -1 : 1;
  if (member_at(node, i) == probe.ref) return 0;
  const std::uint32_t low = lens.records->tie_low(member_at(node, i));
  if (low != probe.tie_low) return low < probe.tie_low ? -1 : 1;
  return lens.records->member(member_at(node, i)).compare(probe.member);
}

// How many rows (or separators) of the node come before the probe.
template <class N>
unsigned rows_before(const Lens& lens, const N& node, const Probe& probe) {
  unsigned low = first_columns_below(node, probe.columns[0]);
  if (low == node.size || c0_at(node, low) != probe.columns[0]) return low;
  const int bound = probe.after_equal ? 1 : 0;
  unsigned high = node.size;
  while (low < high) {
    const unsigned middle = (low + high) / 2;
    const bool before =
        c0_at(node, middle) == probe.columns[0] && compare_rest(lens, node, middle, probe) < bound;
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

template <class N>
bool is_row(const Lens& lens, const N& node, unsigned i, const Probe& probe) {
  return i < node.size && c0_at(node, i) == probe.columns[0] &&
         compare_rest(lens, node, i, probe) == 0;
}

// The child in which the probe's place is, or at whose end.
inline unsigned child_for(const Lens& lens, const Inner& node, const Probe& probe) {
  const unsigned before = rows_before(lens, node, probe);
  if (probe.depth == Probe::Depth::kRow && is_row(lens, node, before, probe)) return before;
  return before == 0 ? 0 : before - 1;
}

inline std::uint64_t rows_below(const Inner& node, unsigned end) {
  std::uint64_t out = 0;
  for (unsigned i = 0; i < end; ++i) out += node.count[i];
  return out;
}

// Different results below the first `end` children.
inline std::uint64_t groups_below(const Inner& node, unsigned end) {
  std::uint64_t out = 0;
  for (unsigned i = 0; i < end; ++i) out += node.groups[i];
  const std::uint64_t inner_joints =
      node.joined & ((std::uint64_t{1} << end) - 1) & ~std::uint64_t{1};
  return out - static_cast<unsigned>(std::popcount(inner_joints));
}

// Different (columns, time) among the first `end` rows.
unsigned groups_of(const Leaf& leaf, unsigned end, unsigned columns);

struct Place {
  const Leaf* leaf = nullptr;
  unsigned index = 0;
  std::uint64_t position = 0;
};

Place find_place(const Lens& lens, const Node* root, const Probe& probe);
// The same for many probes at once: they go down together, so that their cache misses overlap.
void find_places(const Lens& lens, const Node* root, std::span<const Probe> probes,
                 std::span<Place> out);

// What a search in a node reads.
inline void prefetch_search(const Node* node, unsigned level) {
  prefetch(node, level == 0 ? sizeof(Leaf) : Inner::kSearchBytes);
}
Place place_at(const Node* root, std::uint64_t position);
// Different results that come before the probe's place.
std::uint64_t groups_before(const Lens& lens, const Node* root, const Probe& probe);
// The last row below a node.
Item last_item(const Node* node, unsigned columns);
Item first_item(const Node* node, unsigned columns);

}  // namespace laurel::ranked::internal
