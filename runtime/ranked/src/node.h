// The nodes of the tree. What a search touches first, the first columns, is one dense array; what
// decides ties (time, hash, member) is read only when first columns are equal.
//
//   Inner: the first row of each child, exactly; how many rows and different results are below it
//   Leaf:  rows: c0, time, the upper half of the tie, and a reference to the member's record
//
// Columns beyond the first follow the node in memory, only in tables that have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace laurel::ranked::internal {

// Small enough that copying a leaf, once per commit for about each change, costs little.
inline constexpr unsigned kLeafCapacity = 34;
inline constexpr unsigned kInnerCapacity = 34;
static_assert(kInnerCapacity < 64, "`joined` has a bit per child");

struct Node {
  std::uint64_t generation;  // of the open version it was made in
  std::uint16_t size;
  std::uint16_t level;  // 0: a leaf
  std::uint32_t spare;
};

using MemberRef = std::uint32_t;

struct Leaf : Node {
  static constexpr unsigned kCapacity = kLeafCapacity;
  std::int64_t c0[kCapacity];
  std::int64_t time[kCapacity];
  std::uint32_t tie[kCapacity];
  MemberRef member[kCapacity];
};

struct Inner : Node {
  static constexpr unsigned kCapacity = kInnerCapacity;
  std::int64_t c0[kCapacity];
  std::int64_t time[kCapacity];
  std::uint32_t tie[kCapacity];
  MemberRef member[kCapacity];
  std::uint32_t count[kCapacity];   // rows below child i
  std::uint32_t groups[kCapacity];  // different (columns, time) below child i
  Node* child[kCapacity];
  std::uint64_t joined;  // bit i: child i begins with the (columns, time) that child i-1 ends with
};

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
  Item out{{node.c0[i], 0, 0}, node.time[i], node.tie[i], node.member[i]};
  for (unsigned c = 1; c < columns; ++c) out.columns[c] = more_column(&node, c)[i];
  return out;
}

template <class N>
void put_item(N& node, unsigned i, const Item& item, unsigned columns) {
  node.c0[i] = item.columns[0];
  node.time[i] = item.time;
  node.tie[i] = item.tie;
  node.member[i] = item.member;
  for (unsigned c = 1; c < columns; ++c) more_column(&node, c)[i] = item.columns[c];
}

}  // namespace laurel::ranked::internal
