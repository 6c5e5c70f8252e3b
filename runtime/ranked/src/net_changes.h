// NetChanges: what a batch of changes comes to, member by member, against what the table holds.
//
// Changes are judged as if applied one by one; the tree is then written once per member. All
// lookups of a batch are made together: their cache misses overlap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "laurel/ranked/tree.h"
#include "lens.h"
#include "member_index.h"
#include "store.h"

namespace laurel::ranked::internal {

struct Net {
  std::string_view member;
  Tie tie{};
  std::uint64_t hash = 0;
  MemberRef ref = 0;         // when it was held
  bool known = false;        // the two below are
  bool held_before = false;  // in the tree
  bool held_now = false;     // after the changes seen so far
  SortKey before;
  SortKey now;
};

class NetChanges {
 public:
  explicit NetChanges(const Store& store) : store_(store) {}
  // What was before then comes from the index, else each change has to say it.
  void use(const MemberIndex& index) { index_ = &index; }

  // Fills nets(). Their member ids are those of the changes.
  Applied collect(const Node* root, std::span<const Change> changes);
  std::span<Net> nets() { return nets_; }
  // The number of the net change that a change went into; nothing when it was rejected.
  std::optional<std::uint32_t> taken_by(std::size_t change) const;
  std::size_t memory() const;

 private:
  void group(std::span<const Change> changes);
  void look_up_by_index();
  void look_up_by_rows(const Node* root, std::span<const Change> changes);
  void learn(Net& net, const Change& change, const Place& place);
  bool take(const Node* root, Net& net, const Change& change);

  const Store& store_;
  const MemberIndex* index_ = nullptr;
  std::vector<Net> nets_;
  std::vector<std::uint32_t> net_of_;  // change -> net, or kNone
  std::vector<std::uint32_t> first_;   // net -> its first change
  std::vector<std::uint32_t> table_;   // open addressing: net + 1
  std::vector<Probe> probes_;
  std::vector<Place> places_;
};

}  // namespace laurel::ranked::internal
