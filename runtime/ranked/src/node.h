// The nodes of the tree.
//
//   Leaf:  rows: first column, time, the upper half of the tie, a reference to the member's record
//   Inner: the first row of each child, exactly; how many rows and different results are below it
//
// What counts is how many cache lines an operation touches: a large table is not in the cache. A
// leaf's row lies together, since who finds it reads all of it. An inner node has an array per
// field: a search needs first columns, and the rest only where those are equal.
//
// Columns beyond the first follow the node in memory, only in tables that have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace laurel::ranked::internal {

// Small enough that copying a leaf, once per commit for about each change, costs little: 8 lines.
inline constexpr unsigned kLeafCapacity = 20;
inline constexpr unsigned kInnerCapacity = 15;
static_assert(kInnerCapacity < 64, "`joined` has a bit per child");

struct Node {
  std::uint64_t generation;  // of the open version it was made in
  std::uint16_t size;
  std::uint16_t level;  // 0: a leaf
  std::uint32_t spare;
};

using MemberRef = std::uint32_t;
inline constexpr MemberRef kNoMember = ~MemberRef{0};

struct LeafRow {
  std::int64_t c0;
  std::int64_t time;
  std::uint32_t tie;
  MemberRef member;
};

struct Leaf : Node {
  static constexpr unsigned kCapacity = kLeafCapacity;
  LeafRow row[kCapacity];
};

struct Inner : Node {
  static constexpr unsigned kCapacity = kInnerCapacity;
  // Up to and with `child`: what a search reads as a rule.
  static constexpr std::size_t kSearchBytes =
      sizeof(Node) + sizeof(std::uint64_t) +
      kCapacity * (sizeof(std::int64_t) + sizeof(std::uint32_t) + sizeof(Node*));
  std::uint64_t joined;  // bit i: child i begins with the (columns, time) that child i-1 ends with
  std::int64_t c0[kCapacity];
  std::uint32_t count[kCapacity];  // rows below child i
  Node* child[kCapacity];
  std::uint32_t groups[kCapacity];  // different (columns, time) below child i
  std::int64_t time[kCapacity];
  std::uint32_t tie[kCapacity];
  MemberRef member[kCapacity];
};

inline std::int64_t c0_at(const Leaf& leaf, unsigned i) { return leaf.row[i].c0; }
inline std::int64_t time_at(const Leaf& leaf, unsigned i) { return leaf.row[i].time; }
inline std::uint32_t tie_at(const Leaf& leaf, unsigned i) { return leaf.row[i].tie; }
inline MemberRef member_at(const Leaf& leaf, unsigned i) { return leaf.row[i].member; }
inline std::int64_t c0_at(const Inner& inner, unsigned i) { return inner.c0[i]; }
inline std::int64_t time_at(const Inner& inner, unsigned i) { return inner.time[i]; }
inline std::uint32_t tie_at(const Inner& inner, unsigned i) { return inner.tie[i]; }
inline MemberRef member_at(const Inner& inner, unsigned i) { return inner.member[i]; }

// Column 1 or 2 of a node. `N` may be const.
template <class N>
auto* more_column(N* node, unsigned column) {
  using Integer = std::conditional_t<std::is_const_v<N>, const std::int64_t, std::int64_t>;
  return reinterpret_cast<Integer*>(node + 1) + (column - 1) * std::size_t{N::kCapacity};
}

template <class N>
constexpr std::size_t bytes_of_node(unsigned columns) {
  return sizeof(N) + (columns - 1) * std::size_t{N::kCapacity} * sizeof(std::int64_t);
}

// One row as it is stored, taken out of a node.
struct Item {
  std::int64_t columns[3];
  std::int64_t time;
  std::uint32_t tie;
  MemberRef member;
};

inline bool same_result(const Item& a, const Item& b) {
  return a.time == b.time && a.columns[0] == b.columns[0] && a.columns[1] == b.columns[1] &&
         a.columns[2] == b.columns[2];
}

template <class N>
Item item_at(const N& node, unsigned i, unsigned columns) {
  Item out{{c0_at(node, i), 0, 0}, time_at(node, i), tie_at(node, i), member_at(node, i)};
  for (unsigned c = 1; c < columns; ++c) out.columns[c] = more_column(&node, c)[i];
  return out;
}

inline void put_item(Leaf& leaf, unsigned i, const Item& item, unsigned columns) {
  leaf.row[i] = {item.columns[0], item.time, item.tie, item.member};
  for (unsigned c = 1; c < columns; ++c) more_column(&leaf, c)[i] = item.columns[c];
}

inline void put_item(Inner& inner, unsigned i, const Item& item, unsigned columns) {
  inner.c0[i] = item.columns[0];
  inner.time[i] = item.time;
  inner.tie[i] = item.tie;
  inner.member[i] = item.member;
  for (unsigned c = 1; c < columns; ++c) more_column(&inner, c)[i] = item.columns[c];
}

}  // namespace laurel::ranked::internal
