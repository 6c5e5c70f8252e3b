#include "lens.h"

#include <algorithm>
#include <array>

namespace laurel::ranked::internal {

Probe probe_of(const Row& row) {
  Probe out = probe_of(row.key, Probe::Depth::kRow);
  const auto tie = static_cast<std::uint64_t>(row.tie);
  out.tie_high = static_cast<std::uint32_t>(tie >> 32U);
  out.tie_low = static_cast<std::uint32_t>(tie);
  out.member = row.member;
  return out;
}

Probe probe_of(const SortKey& key, Probe::Depth depth, bool after_equal) {
  Probe out;
  std::copy(key.columns.begin(), key.columns.end(), out.columns);
  out.time = key.time;
  out.depth = depth;
  out.after_equal = after_equal;
  return out;
}

unsigned groups_of(const Leaf& leaf, unsigned end, unsigned columns) {
  if (end == 0) return 0;
  unsigned out = 1;
  if (columns == 1) {
    for (unsigned i = 1; i < end; ++i) {
      out += static_cast<unsigned>(leaf.row[i].c0 != leaf.row[i - 1].c0) |
             static_cast<unsigned>(leaf.row[i].time != leaf.row[i - 1].time);
    }
    return out;
  }
  for (unsigned i = 1; i < end; ++i) {
    out += same_result(item_at(leaf, i, columns), item_at(leaf, i - 1, columns)) ? 0U : 1U;
  }
  return out;
}

Place find_place(const Lens& lens, const Node* root, const Probe& probe) {
  Place out;
  const Node* node = root;
  while (node != nullptr && node->level > 0) {
    const auto& inner = *static_cast<const Inner*>(node);
    const unsigned i = child_for(lens, inner, probe);
    out.position += rows_below(inner, i);
    node = inner.child[i];
  }
  if (node == nullptr) return out;
  out.leaf = static_cast<const Leaf*>(node);
  out.index = rows_before(lens, *out.leaf, probe);
  out.position += out.index;
  return out;
}

namespace {

constexpr std::size_t kTogether = 16;

}  // namespace

void find_places(const Lens& lens, const Node* root, std::span<const Probe> probes,
                 std::span<Place> out) {
  std::array<const Node*, kTogether> nodes;
  for (std::size_t begin = 0; begin < probes.size(); begin += kTogether) {
    const std::size_t many = std::min(kTogether, probes.size() - begin);
    nodes.fill(root);
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(begin), many, Place{});
    if (root == nullptr) continue;
    for (unsigned level = root->level; level > 0; --level) {
      for (std::size_t i = 0; i < many; ++i) {
        const auto& inner = *static_cast<const Inner*>(nodes[i]);
        const unsigned child = child_for(lens, inner, probes[begin + i]);
        out[begin + i].position += rows_below(inner, child);
        nodes[i] = inner.child[child];
        prefetch_search(nodes[i], level - 1);
      }
    }
    for (std::size_t i = 0; i < many; ++i) {
      Place& place = out[begin + i];
      place.leaf = static_cast<const Leaf*>(nodes[i]);
      place.index = rows_before(lens, *place.leaf, probes[begin + i]);
      place.position += place.index;
    }
  }
}

Place place_at(const Node* root, std::uint64_t position) {
  Place out;
  out.position = position;
  const Node* node = root;
  while (node->level > 0) {
    const auto& inner = *static_cast<const Inner*>(node);
    unsigned i = 0;
    while (position >= inner.count[i]) position -= inner.count[i++];
    node = inner.child[i];
  }
  out.leaf = static_cast<const Leaf*>(node);
  out.index = static_cast<unsigned>(position);
  return out;
}

// A subtree's first result may be the one that ends the subtree before it; then it is counted
// there. NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
std::uint64_t groups_before(const Lens& lens, const Node* node, const Probe& probe) {
  if (node == nullptr) return 0;
  if (node->level == 0) {
    const auto& leaf = *static_cast<const Leaf*>(node);
    return groups_of(leaf, rows_before(lens, leaf, probe), lens.columns);
  }
  const auto& inner = *static_cast<const Inner*>(node);
  const unsigned i = child_for(lens, inner, probe);
  const std::uint64_t inside = groups_before(lens, inner.child[i], probe);
  const bool counted_twice = i > 0 && inside > 0 && ((inner.joined >> i) & 1U) != 0;
  return groups_below(inner, i) + inside - (counted_twice ? 1 : 0);
}

Item last_item(const Node* node, unsigned columns) {
  while (node->level > 0) node = static_cast<const Inner*>(node)->child[node->size - 1];
  return item_at(*static_cast<const Leaf*>(node), node->size - 1U, columns);
}

Item first_item(const Node* node, unsigned columns) {
  return node->level == 0 ? item_at(*static_cast<const Leaf*>(node), 0, columns)
                          : item_at(*static_cast<const Inner*>(node), 0, columns);
}

}  // namespace laurel::ranked::internal
