// The part of the editor that makes nodes of lists: splits, merges, new levels.
#include <algorithm>

#include "check.h"
#include "editor.h"

namespace laurel::ranked::internal {

namespace {
constexpr unsigned capacity_at(unsigned level) {
  return level == 0 ? kLeafCapacity : kInnerCapacity;
}
}  // namespace

// Below half full a node joins a neighbour; two that leave a place free in one become one.
bool Editor::too_small(const Node& node) { return node.size < capacity_at(node.level) / 2; }

// A list that is too long for one node is packed, but for one place each.
std::size_t Editor::parts_for(std::size_t entries, unsigned capacity) {
  if (entries <= capacity) return entries == 0 ? 0 : 1;
  const std::size_t packed = capacity - 1;
  return (entries + packed - 1) / packed;
}

void Editor::balance(Slots& slots) {
  const auto weight = [&](std::size_t i) -> std::size_t { return slots[i].node->size; };
  for (std::size_t i = 0; i < slots.size() && slots.size() > 1;) {
    const unsigned capacity = capacity_at(slots[i].node->level);
    if (too_small(*slots[i].node)) {
      const bool right = i == 0 || (i + 1 < slots.size() && weight(i + 1) < weight(i - 1));
      const std::size_t from = right ? i : i - 1;
      const std::size_t total = weight(from) + weight(from + 1);
      regroup(slots, from, from + 2, total < capacity ? 1 : 2);
      i = from;
      continue;
    }
    // A node that was just split shares with a neighbour that has room: two nodes instead of three
    // keep the table dense.
    if (slots[i].of_split && i + 1 < slots.size() && slots[i + 1].of_split) {
      const std::size_t pair = weight(i) + weight(i + 1);
      const std::size_t room = 2 * std::size_t{capacity} * 15 / 16;
      slots[i].of_split = false;
      if (pair <= capacity + 2 && i > 0 && pair + weight(i - 1) <= room) {
        regroup(slots, i - 1, i + 2, 2);
        continue;
      }
      if (pair <= capacity + 2 && i + 2 < slots.size() && pair + weight(i + 2) <= room) {
        regroup(slots, i, i + 3, 2);
        continue;
      }
    }
    ++i;
  }
}

// The nodes of slots [from, to) become `parts` nodes of even size.
void Editor::regroup(Slots& slots, std::size_t from, std::size_t to, std::size_t parts) {
  const Joined joined = slots[from].joined;
  const unsigned level = slots[from].node->level;
  Slots fresh;
  if (level == 0) {
    items_.clear();
    for (std::size_t i = from; i < to; ++i) {
      auto* leaf = static_cast<Leaf*>(slots[i].node);
      for (unsigned row = 0; row < leaf->size; ++row) {
        items_.push_back(item_at(*leaf, row, lens_.columns));
      }
      dispose(leaf);
    }
    fresh = emit_leaves(items_, parts);
  } else {
    Slots children;
    for (std::size_t i = from; i < to; ++i) {
      auto* inner = static_cast<Inner*>(slots[i].node);
      Slots part = slots_of(*inner);
      part[0].joined = slots[i].joined;
      children.insert(children.end(), part.begin(), part.end());
      dispose(inner);
    }
    fresh = emit_level(children, level, parts);
  }
  fresh[0].joined = joined;
  const auto begin = slots.begin() + static_cast<std::ptrdiff_t>(from);
  const auto end = slots.begin() + static_cast<std::ptrdiff_t>(to);
  slots.insert(slots.erase(begin, end), fresh.begin(), fresh.end());
}

Editor::Slot Editor::emit_leaf(std::span<const Item> items) {
  Leaf* leaf = store_.take_leaf(target_.generation);
  for (const Item& item : items) put_item(*leaf, leaf->size++, item, lens_.columns);
  return slot_of(leaf);
}

Editor::Slots Editor::emit_leaves(std::span<const Item> items) {
  return emit_leaves(items, parts_for(items.size(), kLeafCapacity));
}

Editor::Slots Editor::emit_leaves(std::span<const Item> items, std::size_t parts) {
  Slots out;
  out.reserve(parts);
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = items.size() * part / parts;
    const std::size_t end = items.size() * (part + 1) / parts;
    out.push_back(emit_leaf(items.subspan(begin, end - begin)));
  }
  return out;
}

Editor::Slot Editor::emit_inner(std::span<const Slot> slots, unsigned level) {
  RANKED_CHECK(!slots.empty() && slots.size() <= kInnerCapacity);
  Inner* inner = store_.take_inner(target_.generation, level);
  for (const Slot& slot : slots) {
    const unsigned i = inner->size++;
    put_item(*inner, i, slot.first, lens_.columns);
    inner->child[i] = slot.node;
    inner->count[i] = slot.count;
    inner->groups[i] = slot.groups;
    if (i == 0) continue;
    const bool joined = slot.joined == Joined::kUnknown
                            ? same_result(last_item(inner->child[i - 1], lens_.columns), slot.first)
                            : slot.joined == Joined::kYes;
    if (joined) inner->joined |= std::uint64_t{1} << i;
  }
  Slot out = slot_of(inner);
  out.joined = slots[0].joined;
  return out;
}

Editor::Slots Editor::emit_level(const Slots& slots, unsigned level, std::size_t parts) {
  Slots out;
  out.reserve(parts);
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = slots.size() * part / parts;
    const std::size_t end = slots.size() * (part + 1) / parts;
    out.push_back(emit_inner(std::span(slots).subspan(begin, end - begin), level));
  }
  return out;
}

// Levels on top of the nodes until there is one; none that has a single child.
Node* Editor::grow(Slots slots) {
  while (slots.size() > 1) {
    const unsigned level = slots[0].node->level + 1U;
    balance(slots);
    slots = emit_level(slots, level, parts_for(slots.size(), kInnerCapacity));
  }
  if (slots.empty()) return nullptr;
  Node* root = slots[0].node;
  while (root->level > 0 && root->size == 1) {
    auto* inner = static_cast<Inner*>(root);
    root = inner->child[0];
    dispose(inner);
  }
  return root;
}

Editor::Slot Editor::slot_of(Leaf* leaf) const {
  Slot out;
  out.first = item_at(*leaf, 0, lens_.columns);
  out.node = leaf;
  out.count = leaf->size;
  out.groups = groups_of(*leaf, leaf->size, lens_.columns);
  return out;
}

Editor::Slot Editor::slot_of(Inner* inner) const {
  Slot out;
  out.first = item_at(*inner, 0, lens_.columns);
  out.node = inner;
  out.count = static_cast<std::uint32_t>(rows_below(*inner, inner->size));
  out.groups = static_cast<std::uint32_t>(groups_below(*inner, inner->size));
  return out;
}

Editor::Slots Editor::slots_of(const Inner& inner) const {
  Slots out;
  out.reserve(inner.size);
  for (unsigned i = 0; i < inner.size; ++i) {
    Slot slot;
    slot.first = item_at(inner, i, lens_.columns);
    slot.node = inner.child[i];
    slot.count = inner.count[i];
    slot.groups = inner.groups[i];
    slot.joined = ((inner.joined >> i) & 1U) != 0 ? Joined::kYes : Joined::kNo;
    out.push_back(slot);
  }
  out[0].joined = Joined::kUnknown;
  return out;
}

}  // namespace laurel::ranked::internal
