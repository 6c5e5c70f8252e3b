#include "editor.h"

#include <algorithm>
#include <array>
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
  std::copy_n(in.row + from, rows, out.row + at);
  for (unsigned c = 1; c < columns; ++c) {
    std::copy_n(more_column(&in, c) + from, rows, more_column(&out, c) + at);
  }
  out.size = static_cast<std::uint16_t>(at + rows);
}

Item item_of(const Op& op) {
  return {{op.row.columns[0], op.row.columns[1], op.row.columns[2]},
          op.row.time,
          op.row.tie_high,
          op.row.ref};
}

// Calls copy(from, to) for the runs of rows that stay and put(op) for those that come, in order.
template <class Copy, class Put>
void merge(const Lens& lens, const Leaf& leaf, std::span<const Op> ops, Copy copy, Put put) {
  unsigned from = 0;
  for (const Op& op : ops) {
    const unsigned at = rows_before(lens, leaf, op.row);
    copy(from, at);
    from = at;
    if (op.insert) {
      put(op);
    } else {
      RANKED_CHECK(at < leaf.size && leaf.row[at].member == op.row.ref);
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
  ops_ = ops;
  if (ops.empty()) return root;
  if (root == nullptr) root = store_.take_leaf(target_.generation);
  plan(root);
  const Outcome outcome = edit(root->level, 0, 0);
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

// Which nodes the operations touch, from the root down.
void Editor::plan(Node* root) {
  const unsigned height = root->level;
  if (tasks_.size() <= height) tasks_.resize(height + 1U);
  for (unsigned level = 0; level < height; ++level) tasks_[level].clear();
  tasks_[height].assign(1, {root, 0, static_cast<std::uint32_t>(ops_.size()), 0, 0, 0});
  constexpr std::size_t kAhead = 8;
  for (unsigned level = height; level > 0; --level) {
    std::vector<Task>& here = tasks_[level];
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (i + kAhead < here.size()) prefetch_search(here[i + kAhead].node, level);
      plan_children(here[i], tasks_[level - 1]);
    }
  }
}

void Editor::plan_children(Task& task, std::vector<Task>& below) const {
  const auto& inner = *static_cast<const Inner*>(task.node);
  task.children_begin = static_cast<std::uint32_t>(below.size());
  for (std::uint32_t op = task.ops_begin; op < task.ops_end;) {
    const unsigned child = child_for(lens_, inner, ops_[op].row);
    std::uint32_t end = op + 1;
    while (end < task.ops_end &&
           (child + 1 == inner.size || comes_before(lens_, ops_[end].row, inner, child + 1))) {
      ++end;
    }
    below.push_back({inner.child[child], op, end, child, 0, 0});
    op = end;
  }
  task.children_end = static_cast<std::uint32_t>(below.size());
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
Editor::Outcome Editor::edit(unsigned level, std::uint32_t index, std::uint64_t before) {
  const std::vector<Task>& here = tasks_[level];
  const std::size_t ahead = index + (level == 0 ? 8U : 3U);
  if (ahead < here.size()) prefetch(here[ahead].node, level == 0 ? sizeof(Leaf) : sizeof(Inner));
  const Task& task = here[index];
  if (level > 0) return edit_inner(task, level, before);
  return edit_leaf(static_cast<Leaf*>(task.node),
                   ops_.subspan(task.ops_begin, task.ops_end - task.ops_begin), before);
}

Editor::Outcome Editor::edit_leaf(Leaf* leaf, std::span<const Op> ops, std::uint64_t before) {
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
        [&](const Op& op) {
          note_position(op, before + items_.size());
          items_.push_back(item_of(op));
        });
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
      [&](const Op& op) {
        note_position(op, before + fresh->size);
        put_item(*fresh, fresh->size++, item_of(op), lens_.columns);
      });
  out.slot = slot_of(fresh);
  out.last_changed = leaf->size == 0 ||
                     !same_result(last_item(leaf, lens_.columns), last_item(fresh, lens_.columns));
  dispose(leaf);
  out.fits = !too_small(*fresh);
  if (!out.fits) pieces_.push_back(out.slot);
  return out;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
Editor::Outcome Editor::edit_inner(const Task& task, unsigned level, std::uint64_t before) {
  Inner& node = *writable(static_cast<Inner*>(task.node));
  const std::size_t begin = pieces_.size();
  std::vector<Replaced> replaced;
  std::uint64_t dirty = 0;  // children whose joint with the one before may have changed
  bool last_changed = false;
  unsigned passed = 0;  // children whose rows are in `before`
  for (std::uint32_t i = task.children_begin; i < task.children_end; ++i) {
    const unsigned child = tasks_[level - 1][i].child_in_parent;
    for (; passed < child; ++passed) before += node.count[passed];
    ++passed;
    const Outcome outcome = edit(level - 1, i, before);
    last_changed = child + 1 == node.size && outcome.last_changed;
    if (outcome.last_changed) dirty |= std::uint64_t{2} << child;
    if (!outcome.fits) {
      replaced.push_back({child, outcome.begin, pieces_.size()});
      for (std::size_t piece = outcome.begin; piece < pieces_.size(); ++piece) {
        before += pieces_[piece].count;
      }
      dirty |= std::uint64_t{1} << child;
      continue;
    }
    before += outcome.slot.count;
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
  std::size_t tasks = 0;
  for (const auto& level : tasks_) tasks += level.capacity();
  return tasks * sizeof(Task) + pieces_.capacity() * sizeof(Slot) +
         items_.capacity() * sizeof(Item);
}

}  // namespace laurel::ranked::internal
