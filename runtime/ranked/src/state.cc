#include "state.h"

#include <algorithm>
#include <bit>
#include <ranges>
#include <utility>

#include "check.h"

namespace laurel::ranked {

using internal::Inner;
using internal::Net;
using internal::Node;
using internal::Op;
using internal::Pin;
using internal::Probe;
using internal::Version;

namespace {

bool comes_before(const Op& a, const Op& b) {
  const Probe& x = a.row;
  const Probe& y = b.row;
  if (x.columns[0] != y.columns[0]) return x.columns[0] < y.columns[0];
  if (x.columns[1] != y.columns[1]) return x.columns[1] < y.columns[1];
  if (x.columns[2] != y.columns[2]) return x.columns[2] < y.columns[2];
  if (x.time != y.time) return x.time < y.time;
  if (x.tie_high != y.tie_high) return x.tie_high < y.tie_high;
  if (x.tie_low != y.tie_low) return x.tie_low < y.tie_low;
  return x.member < y.member;
}

constexpr std::size_t kFew = 48;

std::pmr::memory_resource* memory_of(const Options& options) {
  return options.memory != nullptr ? options.memory : std::pmr::new_delete_resource();
}

}  // namespace

// In order of their rows. Scores spread: most operations get a bucket of their own, where nothing
// is left to compare; a sort by comparing would mispredict every second branch.
void RankedTree::State::sort_ops() {
  if (ops_.size() < kFew) {
    std::sort(ops_.begin(), ops_.end(), comes_before);
    return;
  }
  const auto flipped = [](const Op& op) {
    return static_cast<std::uint64_t>(op.row.columns[0]) ^ (std::uint64_t{1} << 63U);
  };
  std::uint64_t low = ~std::uint64_t{0};
  std::uint64_t high = 0;
  for (const Op& op : ops_) {
    low = std::min(low, flipped(op));
    high = std::max(high, flipped(op));
  }
  const auto width = static_cast<unsigned>(std::bit_width(high - low));
  const auto buckets_log = static_cast<unsigned>(std::bit_width(ops_.size()));
  const unsigned shift = width > buckets_log ? width - buckets_log : 0;
  starts_.assign((std::size_t{1} << buckets_log) + 1, 0);
  for (const Op& op : ops_) ++starts_[((flipped(op) - low) >> shift) + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  sorted_.resize(ops_.size());
  for (const Op& op : ops_) sorted_[starts_[(flipped(op) - low) >> shift]++] = op;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : starts_) {
    if (end - begin > 1) std::sort(sorted_.begin() + begin, sorted_.begin() + end, comes_before);
    begin = end;
  }
  ops_.swap(sorted_);
}

RankedTree::State::State(const Options& options)
    : store(std::make_shared<internal::Store>(
          internal::Records::Shape{options.columns, options.member_index, memory_of(options)})),
      editor_(*store),
      net_changes_(*store) {
  RANKED_CHECK(options.columns >= 1 && options.columns <= kSortColumnsMax);
  committed = std::make_shared<Pin>(store, store->add({}));
  if (options.member_index) {
    index.emplace(store->records(), options.hash_seed, memory_of(options));
    net_changes_.use(*index);
  }
}

Applied RankedTree::State::apply(std::span<const Change> changes,
                                 std::span<std::uint64_t> positions) {
  const Applied out = net_changes_.collect(root, changes);
  const std::span<Net> nets = net_changes_.nets();
  ops_.clear();
  for (std::uint32_t number = 0; number < nets.size(); ++number) write(number, nets[number]);
  sort_ops();
  positions_.assign(positions.empty() ? 0 : nets.size(), RankedView::kAbsent);
  root = editor_.apply(root, ops_, {generation, &newest(), positions_});
  if (!positions.empty()) tell_positions(positions);
  return out;
}

void RankedTree::State::tell_positions(std::span<std::uint64_t> positions) {
  const std::span<const Net> nets = net_changes_.nets();
  for (std::size_t number = 0; number < nets.size(); ++number) {
    const Net& net = nets[number];
    // The tree was not written where it held the row already.
    if (net.held_now && positions_[number] == RankedView::kAbsent) {
      positions_[number] = *open_view().position({net.member, net.tie, net.now});
    }
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto number = net_changes_.taken_by(i);
    positions[i] = number ? positions_[*number] : RankedView::kAbsent;
  }
}

// Everything of a net change but the tree: records, index, undo, and the operations on the tree.
void RankedTree::State::write(std::uint32_t number, Net& net) {
  if (!net.held_before && !net.held_now) return;
  if (net.held_before && net.held_now && net.before == net.now) return;
  internal::Records& records = store->records();
  if (!net.held_before) {
    RANKED_CHECK(size < (std::uint64_t{1} << 32U) - 1);
    net.ref = records.create(net.member, net.tie);
    if (index) index->insert(net.ref, net.hash);
    open_undo.push_back({Undo::Kind::kJoined, net.ref, {}});
    ++size;
  } else if (!net.held_now) {
    newest().dead_records.push_back(net.ref);
    if (index) index->erase(net.ref, net.hash);
    if (index) open_undo.push_back({Undo::Kind::kLeft, net.ref, {}});
    --size;
  } else if (index) {
    open_undo.push_back({Undo::Kind::kMoved, net.ref, net.before});
  }
  const auto add = [&](const SortKey& key, bool insert) {
    ops_.push_back({internal::probe_of(Row{net.member, net.tie, key}), number, insert});
    ops_.back().row.ref = net.ref;
  };
  if (net.held_before) add(net.before, false);
  if (net.held_now) add(net.now, true);
  if (net.held_now && index) records.set_key(net.ref, net.now);
}

void RankedTree::State::build(std::span<const internal::Item> items) {
  RANKED_CHECK(root == nullptr);
  root = editor_.build(items, {generation, &newest()});
  size = items.size();
}

void RankedTree::State::abort() {
  undo(open_undo);
  undo(sealed_undo);
  Version& back = *committed->version;
  free_younger_than(back.generation, root);
  if (sealed) {
    // Of the sealed version's own nodes those that the open one replaced are here, and the others
    // were just reached through the open one. What older versions still show is alive again.
    for (const internal::DeadNode& dead : sealed->version->dead_nodes) {
      if (dead.generation > back.generation) store->give(dead.node);
    }
    sealed->version->dead_nodes.clear();
    sealed->version->dead_records.clear();
    sealed.reset();
    store->reclaim();
  }
  back.dead_nodes.clear();
  back.dead_records.clear();
  root = back.root;
  size = back.size;
  ++generation;
}

void RankedTree::State::undo(std::vector<Undo>& log) {
  internal::Records& records = store->records();
  for (const Undo& step : std::views::reverse(log)) {
    switch (step.kind) {
      case Undo::Kind::kJoined:
        if (index) index->erase(step.ref, index->hash(records.member(step.ref)));
        records.destroy(step.ref);
        break;
      case Undo::Kind::kMoved:
        records.set_key(step.ref, step.before);
        break;
      case Undo::Kind::kLeft:
        index->insert(step.ref, index->hash(records.member(step.ref)));
        break;
    }
  }
  log.clear();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
void RankedTree::State::free_younger_than(std::uint64_t than, Node* node) {
  if (node == nullptr || node->generation <= than) return;
  if (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    for (unsigned i = 0; i < inner->size; ++i) free_younger_than(than, inner->child[i]);
  }
  store->give(node);
}

std::size_t RankedTree::State::memory() const {
  return sizeof(*this) + store->memory() + editor_.memory() + net_changes_.memory() +
         (ops_.capacity() + sorted_.capacity()) * sizeof(Op) +
         starts_.capacity() * sizeof(std::uint32_t) +
         positions_.capacity() * sizeof(std::uint64_t) + (index ? index->memory() : 0) +
         (open_undo.capacity() + sealed_undo.capacity()) * sizeof(Undo);
}

}  // namespace laurel::ranked
