// Editor: writes one batch of sorted operations into the open version.
//
// Each node that has operations below it is copied once (nodes of the open version are reused),
// each leaf is merged with its operations, and what became too full or too empty is put right by
// the parent on the way back. A large table is not in the cache, so what a batch will touch is
// planned first, level by level: while one node is worked on, the next ones are on their way.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lens.h"
#include "node.h"
#include "store.h"

namespace laurel::ranked::internal {

// Take a row out or put one in, its `ref` known. The row of an erase is there, that of an insert is
// not.
struct Op {
  Probe row;
  std::uint32_t number = 0;  // the caller's
  bool insert = false;
};

class Editor {
 public:
  explicit Editor(Store& store);

  struct Target {
    std::uint64_t generation = 0;  // of the open version
    Version* dead = nullptr;       // the version before it: gets what dies
    // Gets, by the operation's number, the position that each inserted row has at the end. May be
    // empty.
    std::span<std::uint64_t> positions;
  };
  // Returns the new root. REQUIRES: `ops` are in order of their rows.
  Node* apply(Node* root, std::span<const Op> ops, const Target& target);
  // A tree of rows in order, packed. REQUIRES: no two are equal.
  Node* build(std::span<const Item> items, const Target& target);
  std::size_t memory() const;

 private:
  // Whether a subtree begins with the result that the one before it ends with.
  enum class Joined : std::uint8_t { kNo, kYes, kUnknown };
  // A child as its parent sees it.
  struct Slot {
    Item first{};
    Node* node = nullptr;
    std::uint32_t count = 0;
    std::uint32_t groups = 0;
    Joined joined = Joined::kUnknown;
    bool of_split = false;
  };
  using Slots = std::vector<Slot>;
  // What became of a subtree: one node fit to stay where it is, or a list on the stack `pieces_`
  // from `begin` on, which may be empty, for the parent to arrange.
  struct Outcome {
    bool fits = false;
    bool last_changed = true;  // false: it ends with the same (columns, time) as before
    Slot slot;
    std::size_t begin = 0;
  };
  // A node that has operations below it. Its children of that kind are tasks of the next level
  // down.
  struct Task {
    Node* node;
    std::uint32_t ops_begin;
    std::uint32_t ops_end;
    std::uint32_t child_in_parent;
    std::uint32_t children_begin;  // in the tasks of the level below
    std::uint32_t children_end;
  };
  // A child in whose place pieces [begin, end) of the stack come.
  struct Replaced {
    unsigned child;
    std::size_t begin;
    std::size_t end;
  };

  // editor.cc: down the tree and back.
  void plan(Node* root);
  void plan_children(Task& task, std::vector<Task>& below) const;
  // `before`: how many rows of the new tree come before the task's node.
  Outcome edit(unsigned level, std::uint32_t task, std::uint64_t before);
  Outcome edit_leaf(Leaf* leaf, std::span<const Op> ops, std::uint64_t before);
  Outcome edit_inner(const Task& task, unsigned level, std::uint64_t before);
  void note_position(const Op& op, std::uint64_t position) {
    if (!target_.positions.empty()) target_.positions[op.number] = position;
  }
  Outcome rearranged(Inner* node, std::uint64_t dirty, const std::vector<Replaced>& replaced,
                     std::size_t begin);
  Inner* writable(Inner* inner);
  void dispose(Node* node);
  void mark_joints(Inner& inner, std::uint64_t dirty);

  // arrange.cc: nodes from lists.
  static bool too_small(const Node& node);
  static std::size_t parts_for(std::size_t entries, unsigned capacity);
  void balance(Slots& slots);
  void regroup(Slots& slots, std::size_t from, std::size_t to, std::size_t parts);
  Slot emit_leaf(std::span<const Item> items);
  Slots emit_leaves(std::span<const Item> items);
  Slots emit_leaves(std::span<const Item> items, std::size_t parts);
  Slot emit_inner(std::span<const Slot> slots, unsigned level);
  Slots emit_level(const Slots& slots, unsigned level, std::size_t parts);
  Node* grow(Slots slots);
  Slot slot_of(Leaf* leaf) const;
  Slot slot_of(Inner* inner) const;
  Slots slots_of(const Inner& inner) const;

  Store& store_;
  Lens lens_;
  Target target_;
  std::span<const Op> ops_;
  std::vector<std::vector<Task>> tasks_;  // by level, in order
  Slots pieces_;
  std::vector<Item> items_;
};

}  // namespace laurel::ranked::internal
