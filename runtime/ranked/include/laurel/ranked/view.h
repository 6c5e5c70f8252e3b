/// RankedView: one version of a ranked table, for good.
///
/// Why        Reads and pinned pages must see one durable version whole while the next is written.
/// Lifecycle  RankedTree::committed() gives a pinned one: it stays as it is for as long as it (or a
///            copy) lives, beyond the tree if need be, and costs the nodes changed since.
///            RankedTree::open() and sealed() give unpinned ones: for the tree's thread only, until
///            the next call that changes the tree.
/// Threads    Pinned: any, concurrently, without a lock. Copying and dropping too.
/// Cost       O(log n) for each place or rank, plus the rows returned.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "laurel/ranked/row.h"

namespace laurel::ranked {

namespace internal {
struct Node;
struct Pin;
class Records;

/// How the bytes of a table are to be read.
struct Lens {
  const Records* records = nullptr;
  unsigned columns = 1;
};
}  // namespace internal

class RankedView {
 public:
  /// An empty table.
  RankedView() = default;

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The commit that made this version; of an open view the last one before it.
  std::uint64_t commit() const { return commit_; }

  /// REQUIRES: position < size().
  RankedRow at(std::uint64_t position) const;
  /// From 0; nothing when the table does not hold exactly this row.
  std::optional<std::uint64_t> position(const Row& row) const;
  /// The same for many rows, several times as fast: `out[i]` is kAbsent when rows[i] is not held.
  /// REQUIRES: out.size() == rows.size().
  void positions(std::span<const Row> rows, std::span<std::uint64_t> out) const;
  static constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

  /// At most `count` rows from position `from` on, in order.
  std::vector<RankedRow> range(std::uint64_t from, std::uint64_t count) const;
  /// The row, `above` rows before it and `below` after; fewer at the ends, none when it is not
  /// held.
  std::vector<RankedRow> around(const Row& row, std::uint64_t above, std::uint64_t below) const;
  /// `above` rows that come before everybody with these columns, and `below` from there on.
  std::vector<RankedRow> around_score(const std::array<std::int64_t, kSortColumnsMax>& columns,
                                      std::uint64_t above, std::uint64_t below) const;
  /// Calls `row` for each row from position `from` on, in order, until it returns false.
  void walk(std::uint64_t from, const std::function<bool(const RankedRow&)>& row) const;

  /// Members whose columns and time come before those of `key`, which itself need not be held.
  std::uint64_t count_better(const SortKey& key) const;
  /// Members whose columns and time equal those of `key`.
  std::uint64_t count_ties(const SortKey& key) const;
  /// Different (columns, time) that come before those of `key`.
  std::uint64_t count_better_results(const SortKey& key) const;
  /// From 1; nothing when the row is not held.
  std::optional<std::uint64_t> rank(const Row& row, RankStyle style) const;

 private:
  friend class RankedTree;
  friend std::string inconsistency(const RankedView& view);
  struct Source {
    std::shared_ptr<const internal::Pin> pin;
    const internal::Node* root = nullptr;
    std::uint64_t size = 0;
    std::uint64_t commit = 0;
    internal::Lens lens;
  };
  explicit RankedView(Source source);

  std::shared_ptr<const internal::Pin> pin_;
  const internal::Node* root_ = nullptr;
  std::uint64_t size_ = 0;
  std::uint64_t commit_ = 0;
  internal::Lens lens_;
};

}  // namespace laurel::ranked
