#include "laurel/ranked/loader.h"

#include <algorithm>
#include <vector>

#include "check.h"
#include "state.h"

namespace laurel::ranked {

using internal::Item;

class RankedLoader::State {
 public:
  explicit State(RankedTree& of) : tree(of), table(*of.state_) {}

  bool in_order(const Item& a, const Item& b) const {
    for (unsigned c = 0; c < kSortColumnsMax; ++c) {
      if (a.columns[c] != b.columns[c]) return a.columns[c] < b.columns[c];
    }
    if (a.time != b.time) return a.time < b.time;
    if (a.tie != b.tie) return a.tie < b.tie;
    const internal::Records& records = table.store->records();
    const std::uint32_t low_a = records.tie_low(a.member);
    const std::uint32_t low_b = records.tie_low(b.member);
    if (low_a != low_b) return low_a < low_b;
    return records.member(a.member) < records.member(b.member);
  }

  RankedTree& tree;
  RankedTree::State& table;
  std::vector<Item> items;
  bool sorted = true;
};

RankedLoader::RankedLoader(RankedTree& tree) : state_(std::make_unique<State>(tree)) {
  RANKED_CHECK(tree.open().empty() && tree.committed().empty() && !tree.state_->sealed);
}

RankedLoader::~RankedLoader() = default;

bool RankedLoader::add(const Row& row) {
  if (row.member.empty() || row.member.size() > kMemberBytesMax) return false;
  RankedTree::State& table = state_->table;
  if (!internal::uses_only(row.key, table.store->columns())) return false;
  internal::Records& records = table.store->records();
  std::uint64_t hash = 0;
  if (table.index) {
    hash = table.index->hash(row.member);
    if (table.index->find(row.member, hash)) return false;
  }
  const internal::MemberRef ref = records.create(row.member, row.tie);
  if (table.index) {
    records.set_key(ref, row.key);
    table.index->insert(ref, hash);
  }
  const auto& columns = row.key.columns;
  Item item{{columns[0], 0, 0},
            row.key.time,
            static_cast<std::uint32_t>(static_cast<std::uint64_t>(row.tie) >> 32U),
            ref};
  for (unsigned c = 1; c < table.store->columns(); ++c) item.columns[c] = columns[c];
  auto& items = state_->items;
  state_->sorted = state_->sorted && (items.empty() || state_->in_order(items.back(), item));
  items.push_back(item);
  return true;
}

std::uint64_t RankedLoader::finish(std::uint64_t commit) {
  auto& items = state_->items;
  const auto before = [this](const Item& a, const Item& b) { return state_->in_order(a, b); };
  std::uint64_t left_out = 0;
  if (!state_->sorted) {
    std::sort(items.begin(), items.end(), before);
    const auto twice = std::unique(items.begin(), items.end(), [&](const Item& a, const Item& b) {
      if (before(a, b)) return false;
      state_->table.store->records().destroy(b.member);
      return true;
    });
    left_out = static_cast<std::uint64_t>(items.end() - twice);
    items.erase(twice, items.end());
  }
  state_->table.build(items);
  items = {};
  state_->tree.seal(commit);
  state_->tree.settle(commit);
  return left_out;
}

}  // namespace laurel::ranked
