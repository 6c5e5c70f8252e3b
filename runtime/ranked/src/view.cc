#include "laurel/ranked/view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "check.h"
#include "lens.h"
#include "store.h"

namespace laurel::ranked {

using internal::Inner;
using internal::Leaf;
using internal::Lens;
using internal::Node;
using internal::Place;
using internal::Probe;

namespace {

RankedRow row_at(const Lens& lens, const Leaf& leaf, unsigned i, std::uint64_t position) {
  const internal::Item item = item_at(leaf, i, lens.columns);
  const std::uint64_t tie = (std::uint64_t{item.tie} << 32U) | lens.records->tie_low(item.member);
  return {position, lens.records->member(item.member), Tie{tie}, key_of(item)};
}

// Visits rows from `position` on in order; `skip` of them, all below `node`, are left out first.
// False: the visitor has had enough.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
bool visit(const Lens& lens, const Node* node, std::uint64_t skip, std::uint64_t& position,
           const std::function<bool(const RankedRow&)>& row) {
  if (node->level == 0) {
    const auto& leaf = *static_cast<const Leaf*>(node);
    for (auto i = static_cast<unsigned>(skip); i < leaf.size; ++i) {
      if (!row(row_at(lens, leaf, i, position++))) return false;
    }
    return true;
  }
  const auto& inner = *static_cast<const Inner*>(node);
  for (unsigned i = 0; i < inner.size; ++i) {
    if (skip >= inner.count[i]) {
      skip -= inner.count[i];
      continue;
    }
    if (!visit(lens, inner.child[i], skip, position, row)) return false;
    skip = 0;
  }
  return true;
}

}  // namespace

RankedView::RankedView(Source source)
    : pin_(std::move(source.pin)),
      root_(source.root),
      size_(source.size),
      commit_(source.commit),
      lens_(source.lens) {}

RankedRow RankedView::at(std::uint64_t position) const {
  RANKED_CHECK(position < size_);
  const Place place = internal::place_at(root_, position);
  return row_at(lens_, *place.leaf, place.index, position);
}

std::optional<std::uint64_t> RankedView::position(const Row& row) const {
  const Probe probe = internal::probe_of(row);
  const Place place = internal::find_place(lens_, root_, probe);
  if (place.leaf == nullptr || !is_row(lens_, *place.leaf, place.index, probe)) return std::nullopt;
  return place.position;
}

void RankedView::positions(std::span<const Row> rows, std::span<std::uint64_t> out) const {
  RANKED_CHECK(rows.size() == out.size());
  constexpr std::size_t kTogether = 64;
  std::array<Probe, kTogether> probes;
  std::array<Place, kTogether> places;
  for (std::size_t begin = 0; begin < rows.size(); begin += kTogether) {
    const std::size_t many = std::min(kTogether, rows.size() - begin);
    for (std::size_t i = 0; i < many; ++i) probes[i] = internal::probe_of(rows[begin + i]);
    internal::find_places(lens_, root_, {probes.data(), many}, {places.data(), many});
    for (std::size_t i = 0; i < many; ++i) {
      const Place& place = places[i];
      if (place.leaf != nullptr && place.index < place.leaf->size) {
        lens_.records->prefetch(place.leaf->row[place.index].member);
      }
    }
    for (std::size_t i = 0; i < many; ++i) {
      const Place& place = places[i];
      const bool held = place.leaf != nullptr && is_row(lens_, *place.leaf, place.index, probes[i]);
      out[begin + i] = held ? place.position : kAbsent;
    }
  }
}

std::vector<RankedRow> RankedView::range(std::uint64_t from, std::uint64_t count) const {
  std::vector<RankedRow> out;
  if (from >= size_ || count == 0) return out;
  const std::uint64_t many = std::min(count, size_ - from);
  out.reserve(many);
  walk(from, [&](const RankedRow& row) {
    out.push_back(row);
    return out.size() < many;
  });
  return out;
}

std::vector<RankedRow> RankedView::around(const Row& row, std::uint64_t above,
                                          std::uint64_t below) const {
  const auto middle = position(row);
  if (!middle) return {};
  const std::uint64_t before = std::min(above, *middle);
  return range(*middle - before, before + 1 + std::min(below, size_));
}

std::vector<RankedRow> RankedView::around_score(
    const std::array<std::int64_t, kSortColumnsMax>& columns, std::uint64_t above,
    std::uint64_t below) const {
  const SortKey key{columns, 0};
  const std::uint64_t middle =
      internal::find_place(lens_, root_, probe_of(key, Probe::Depth::kColumns)).position;
  const std::uint64_t before = std::min(above, middle);
  return range(middle - before, before + std::min(below, size_));
}

void RankedView::walk(std::uint64_t from, const std::function<bool(const RankedRow&)>& row) const {
  if (from >= size_) return;
  std::uint64_t position = from;
  visit(lens_, root_, from, position, row);
}

std::uint64_t RankedView::count_better(const SortKey& key) const {
  return internal::find_place(lens_, root_, probe_of(key, Probe::Depth::kResult)).position;
}

std::uint64_t RankedView::count_ties(const SortKey& key) const {
  return internal::find_place(lens_, root_, probe_of(key, Probe::Depth::kResult, true)).position -
         count_better(key);
}

std::uint64_t RankedView::count_better_results(const SortKey& key) const {
  return internal::groups_before(lens_, root_, probe_of(key, Probe::Depth::kResult));
}

std::optional<std::uint64_t> RankedView::rank(const Row& row, RankStyle style) const {
  const auto place = position(row);
  if (!place) return std::nullopt;
  switch (style) {
    case RankStyle::kOrdinal:
      break;
    case RankStyle::kCompetition:
      return count_better(row.key) + 1;
    case RankStyle::kModifiedCompetition:
      return count_better(row.key) + count_ties(row.key);
    case RankStyle::kDense:
      return count_better_results(row.key) + 1;
  }
  return *place + 1;
}

}  // namespace laurel::ranked
