#include "laurel/ranked/invariants.h"

#include <optional>
#include <string>

#include "lens.h"

namespace laurel::ranked {

using internal::Inner;
using internal::Item;
using internal::Leaf;
using internal::Lens;
using internal::Node;

namespace {

bool in_order(const Lens& lens, const Item& a, const Item& b) {
  const SortKey x = key_of(a);
  const SortKey y = key_of(b);
  if (x != y) return x < y;
  if (a.tie != b.tie) return a.tie < b.tie;
  const std::uint32_t low_a = lens.records->tie_low(a.member);
  const std::uint32_t low_b = lens.records->tie_low(b.member);
  if (low_a != low_b) return low_a < low_b;
  return lens.records->member(a.member) < lens.records->member(b.member);
}

class Inspector {
 public:
  explicit Inspector(const Lens& lens) : lens_(lens) {}

  struct Sum {
    std::uint64_t rows = 0;
    std::uint64_t groups = 0;
  };

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the tree
  Sum inspect(const Node* node) {
    if (node->level == 0) return inspect_leaf(*static_cast<const Leaf*>(node));
    const auto& inner = *static_cast<const Inner*>(node);
    if (inner.size == 0 || inner.size > internal::kInnerCapacity) complain("size of an inner node");
    Sum out;
    for (unsigned i = 0; i < inner.size && what_.empty(); ++i) {
      const Node* child = inner.child[i];
      if (child->level + 1 != inner.level) complain("depth of a leaf");
      if (child->generation > inner.generation) complain("a child younger than its parent");
      const Item first = first_item(child, lens_.columns);
      if (item_at(inner, i, lens_.columns).member != first.member ||
          !same_result(item_at(inner, i, lens_.columns), first)) {
        complain("a separator that is not the first row of its child");
      }
      const bool joined = i > 0 && same_result(last_item(inner.child[i - 1], lens_.columns), first);
      if ((((inner.joined >> i) & 1U) != 0) != joined) complain("a joint");
      const Sum sum = inspect(child);
      if (sum.rows != inner.count[i]) complain("a count of rows");
      if (sum.groups != inner.groups[i]) complain("a count of results");
      out.rows += sum.rows;
      out.groups += sum.groups - (joined ? 1 : 0);
    }
    return out;
  }

  void complain(const char* what) {
    if (what_.empty()) what_ = std::string(what) + " is wrong, at row " + std::to_string(rows_);
  }
  const std::string& what() const { return what_; }

 private:
  Sum inspect_leaf(const Leaf& leaf) {
    Sum out;
    if (leaf.size == 0 || leaf.size > internal::kLeafCapacity) complain("size of a leaf");
    for (unsigned i = 0; i < leaf.size && what_.empty(); ++i) {
      const Item item = item_at(leaf, i, lens_.columns);
      if (last_ && !in_order(lens_, *last_, item)) complain("order");
      if (i == 0 || !same_result(item_at(leaf, i - 1, lens_.columns), item)) ++out.groups;
      last_ = item;
      ++rows_;
    }
    out.rows = leaf.size;
    return out;
  }

  const Lens& lens_;
  std::optional<Item> last_;
  std::uint64_t rows_ = 0;
  std::string what_;
};

}  // namespace

std::string inconsistency(const RankedView& view) {
  Inspector inspector(view.lens_);
  if (view.root_ == nullptr) {
    if (view.size_ != 0) inspector.complain("size");
    return inspector.what();
  }
  if (inspector.inspect(view.root_).rows != view.size_) inspector.complain("size");
  return inspector.what();
}

}  // namespace laurel::ranked
