#include "editor.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "check.h"

namespace laurel::ranked::internal {

namespace {

// Copies rows [from, to) of a leaf to the end of another.
void append_rows(Leaf& out, const Leaf& in, unsigned from, unsigned to, unsigned columns) {
  const std::size_t rows = to - from;
  const unsigned at = out.size;
  std::copy_n(in.c0 + from, rows, out.c0 + at);
  std::copy_n(in.time + from, rows, out.time + at);
  std::copy_n(in.tie + from, rows, out.tie + at);
  std::copy_n(in.member + from, rows, out.member + at);
  for (unsigned c = 1; c < columns; ++c) {
    std::copy_n(more_column(&in, c) + from, rows, more_column(&out, c) + at);
  }
  out.size = static_cast<std::uint16_t>(at + rows);
}

Item item_of(const Op& op) {
  return {{op.row.columns[0], op.row.columns[1], op.row.columns[2]},
          op.row.time,
          op.row.tie_high,
          op.member};
}

// Calls copy(from, to) for the runs of rows that stay and put(item) for those that come, in order.
template <class Copy, class Put>
void merge(const Lens& lens, const Leaf& leaf, std::span<const Op> ops, Copy copy, Put put) {
  unsigned from = 0;
  for (const Op& op : ops) {
    const unsigned at = rows_before(lens, leaf, op.row);
    copy(from, at);
    from = at;
    if (op.insert) {
      put(item_of(op));
    } else {
      RANKED_CHECK(at < leaf.size && leaf.member[at] == op.member);
      ++from;
    }
  }
  copy(from, leaf.size);
}

bool comes_before(const Lens& lens, const Probe& probe, const Inner& node, unsigned child) {
  if (node.c0[child] != probe.columns[0]) return probe.columns[0] < node.c0[child];
  return compare_rest(lens, node, child, probe) > 0;
}

}  // namespace

Editor::Editor(Store& store) : store_(store), lens_{&store.records(), store.columns()} {}

Node* Editor::apply(Node* root, std::span<const Op> ops, const Target& target) {
  target_ = target;
  if (ops.empty()) return root;
  if (root == nullptr) root = store_.take_leaf(target_.generation);
  const Outcome outcome = edit(root, ops);
  Slots top;
  if (outcome.fits) {
    top.push_back(outcome.slot);
  } else {
    top.assign(pieces_.begin() + static_cast<std::ptrdiff_t>(outcome.begin), pieces_.end());
    pieces_.resize(outcome.begin);
  }
  return grow(std::move(top));
}

Node* Editor::build(std::span<const Item> items, const Target& target) {
  target_ = target;
  return grow(emit_leaves(items));
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
Editor::Outcome Editor::edit(Node* node, std::span<const Op> ops) {
  return node->level == 0 ? edit_leaf(static_cast<Leaf*>(node), ops)
                          : edit_inner(static_cast<Inner*>(node), ops);
}

Editor::Outcome Editor::edit_leaf(Leaf* leaf, std::span<const Op> ops) {
  const auto inserts = static_cast<std::size_t>(
      std::count_if(ops.begin(), ops.end(), [](const Op& op) { return op.insert; }));
  const std::size_t rows = leaf->size + 2 * inserts - ops.size();
  Outcome out;
  out.begin = pieces_.size();
  if (rows > kLeafCapacity) {
    items_.clear();
    merge(
        lens_, *leaf, ops,
        [&](unsigned from, unsigned to) {
          for (; from < to; ++from) items_.push_back(item_at(*leaf, from, lens_.columns));
        },
        [&](const Item& item) { items_.push_back(item); });
    dispose(leaf);
    for (Slot& slot : emit_leaves(items_)) {
      slot.of_split = true;
      pieces_.push_back(slot);
    }
    return out;
  }
  if (rows == 0) {
    dispose(leaf);
    return out;
  }
  Leaf* fresh = store_.take_leaf(target_.generation);
  merge(
      lens_, *leaf, ops,
      [&](unsigned from, unsigned to) { append_rows(*fresh, *leaf, from, to, lens_.columns); },
      [&](const Item& item) { put_item(*fresh, fresh->size++, item, lens_.columns); });
  out.slot = slot_of(fresh);
  out.last_changed = leaf->size == 0 ||
                     !same_result(last_item(leaf, lens_.columns), last_item(fresh, lens_.columns));
  dispose(leaf);
  out.fits = !too_small(*fresh);
  if (!out.fits) pieces_.push_back(out.slot);
  return out;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
Editor::Outcome Editor::edit_inner(Inner* inner, std::span<const Op> ops) {
  Inner& node = *writable(inner);
  const std::size_t begin = pieces_.size();
  std::vector<Replaced> replaced;
  std::uint64_t dirty = 0;  // children whose joint with the one before may have changed
  bool last_changed = false;
  for (std::size_t i = 0; i < ops.size();) {
    const unsigned child = child_for(lens_, node, ops[i].row);
    std::size_t end = i + 1;
    while (end < ops.size() &&
           (child + 1 == node.size || comes_before(lens_, ops[end].row, node, child + 1))) {
      ++end;
    }
    const Outcome outcome = edit(node.child[child], ops.subspan(i, end - i));
    i = end;
    last_changed = child + 1 == node.size && outcome.last_changed;
    if (outcome.last_changed) dirty |= std::uint64_t{2} << child;
    if (!outcome.fits) {
      replaced.push_back({child, outcome.begin, pieces_.size()});
      dirty |= std::uint64_t{1} << child;
      continue;
    }
    const Item& first = outcome.slot.first;
    if (!same_result(item_at(node, child, lens_.columns), first))
      dirty |= std::uint64_t{1} << child;
    put_item(node, child, first, lens_.columns);
    node.child[child] = outcome.slot.node;
    node.count[child] = outcome.slot.count;
    node.groups[child] = outcome.slot.groups;
  }
  if (!replaced.empty()) return rearranged(&node, dirty, replaced, begin);
  mark_joints(node, dirty);
  Outcome out;
  out.begin = begin;
  out.last_changed = last_changed;
  out.slot = slot_of(&node);
  out.fits = !too_small(node);
  if (!out.fits) pieces_.push_back(out.slot);
  return out;
}

// The children of `node`, those that were replaced by other numbers of nodes put in their place.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
Editor::Outcome Editor::rearranged(Inner* node, std::uint64_t dirty,
                                   const std::vector<Replaced>& replaced, std::size_t begin) {
  const unsigned level = node->level;
  Slots old = slots_of(*node);
  Slots slots;
  auto next = replaced.begin();
  for (unsigned child = 0; child < old.size(); ++child) {
    if (next != replaced.end() && next->child == child) {
      for (std::size_t i = next->begin; i < next->end; ++i) slots.push_back(pieces_[i]);
      ++next;
      continue;
    }
    if (((dirty >> child) & 1U) != 0) old[child].joined = Joined::kUnknown;
    slots.push_back(old[child]);
  }
  pieces_.resize(begin);
  dispose(node);
  balance(slots);
  Outcome out;
  out.begin = begin;
  if (slots.empty()) return out;
  Slots nodes = emit_level(slots, level, parts_for(slots.size(), kInnerCapacity));
  if (nodes.size() == 1 && !too_small(*nodes[0].node)) {
    out.fits = true;
    out.slot = nodes[0];
    return out;
  }
  if (nodes.size() > 1) {
    for (Slot& slot : nodes) slot.of_split = true;
  }
  pieces_.insert(pieces_.end(), nodes.begin(), nodes.end());
  return out;
}

Inner* Editor::writable(Inner* inner) {
  if (inner->generation == target_.generation) return inner;
  Inner* copy = store_.take_inner(target_.generation, inner->level);
  std::memcpy(static_cast<void*>(copy), inner, bytes_of_node<Inner>(lens_.columns));
  copy->generation = target_.generation;
  dispose(inner);
  return copy;
}

void Editor::dispose(Node* node) {
  if (node->generation == target_.generation) {
    store_.give(node);
  } else {
    target_.dead->dead_nodes.push_back({node, node->generation});
  }
}

void Editor::mark_joints(Inner& inner, std::uint64_t dirty) {
  dirty &= (std::uint64_t{1} << inner.size) - 2;
  for (; dirty != 0; dirty &= dirty - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(dirty));
    const bool same =
        same_result(last_item(inner.child[i - 1], lens_.columns), item_at(inner, i, lens_.columns));
    const std::uint64_t bit = std::uint64_t{1} << i;
    inner.joined = same ? inner.joined | bit : inner.joined & ~bit;
  }
}

std::size_t Editor::memory() const {
  return pieces_.capacity() * sizeof(Slot) + items_.capacity() * sizeof(Item);
}

}  // namespace laurel::ranked::internal
