/// RankedTree: the ranked table of one actor, one version per commit.
///
/// Why        A board of a million members needs rank, "at" and "around" in O(log n), while commit
/// n
///            is in flight, n+1 fills, and readers hold pages of older ones (adr/0010).
/// View       One table on this node. In memory only: it is rebuilt from its rows (RankedLoader).
/// Lifecycle  apply() changes the open version; seal() freezes it as a commit's; settle() makes
/// that
///            the committed one, which readers get; abort() goes back to the committed one.
///                open --seal--> sealed --settle--> committed --> (pinned by readers) --> reclaimed
///                  ^------------abort-----------------'
/// Threads    All but committed() belong to one thread. committed(): any thread.
/// Limits     2^32 - 1 members, ids of 1 to kMemberBytesMax bytes.
/// Errors     A change that does not fit what the table holds is rejected, alone, and changes
///            nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "laurel/ranked/view.h"

namespace laurel::ranked {

struct Options {
  /// Columns of the sort key in use, 1 to kSortColumnsMax; the others are not stored.
  unsigned columns = 1;
  /// Finds a member by its id (`find`), at the cost of about 23 bytes a member. Without it the
  /// caller says in each change what the table holds of the member.
  bool member_index = false;
  /// Seeds the index's hash, so that nobody can choose ids that collide.
  std::uint64_t hash_seed = 0;
  /// Where large blocks come from; nullptr: the heap. Outlives the table and all its views. Huge
  /// pages (adapters/memory) make a large table about a fifth faster.
  std::pmr::memory_resource* memory = nullptr;
};

/// What became of the changes of one apply().
struct Applied {
  std::size_t changed = 0;   ///< changes taken, also those that set what was there
  std::size_t rejected = 0;  ///< changes that did not fit; the first of them:
  std::size_t first_rejected = 0;
};

class RankedTree {
 public:
  explicit RankedTree(Options options);
  ~RankedTree();
  RankedTree(RankedTree&&) noexcept;
  RankedTree& operator=(RankedTree&&) noexcept;

  /// Applies the changes as if one by one, in order; a member may come several times. Rejected is:
  /// a `before` that is not held, a join of a row that is held, a member id of a wrong length, a
  /// key with a column that the table has not, a change with neither `before` nor `after` (with a
  /// member index: the last three, and leaving without being there). O(changes log n); many at once
  /// are several times as fast each. Without a member index a join of a member that is held with
  /// another key is not noticed.
  /// `positions`, unless it is empty, gets where each change's member is after all of them, for
  /// nearly nothing: RankedView::kAbsent where it is not held or the change was rejected.
  /// REQUIRES: positions.size() == changes.size(), or 0.
  Applied apply(std::span<const Change> changes, std::span<std::uint64_t> positions = {});
  bool insert(const Row& row);
  bool erase(const Row& row);
  /// `row` holds the old key.
  bool replace(const Row& row, const SortKey& after);

  /// What the open version holds of a member. REQUIRES: options.member_index.
  std::optional<Row> find(std::string_view member) const;
  /// The same for many members, several times as fast; `out[i].member` is empty where there is
  /// none. REQUIRES: out.size() == members.size().
  void find(std::span<const std::string_view> members, std::span<Row> out) const;

  /// Freezes the open version as that of `commit`; what follows belongs to the next one.
  /// REQUIRES: nothing else is sealed.
  RankedView seal(std::uint64_t commit);
  /// The sealed version is durable: it becomes the committed one. REQUIRES: it is sealed.
  void settle(std::uint64_t commit);
  /// Drops the open and the sealed version.
  void abort();

  /// The open version. Until the next call that changes the tree, on its thread.
  RankedView open() const;
  /// The sealed version, or the committed one when nothing is sealed. As open().
  RankedView sealed() const;
  /// The committed version, pinned.
  RankedView committed() const;

  /// Takes back what only dropped views held. seal() does it too.
  void reclaim();
  /// Bytes of memory in use: nodes of all versions, member ids, index, bookkeeping.
  std::size_t memory() const;
  /// Versions that are alive: the committed one and those pinned.
  std::size_t versions() const;

 private:
  friend class RankedLoader;
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace laurel::ranked
