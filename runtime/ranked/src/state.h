// What a RankedTree is made of.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "editor.h"
#include "laurel/ranked/tree.h"
#include "member_index.h"
#include "net_changes.h"
#include "store.h"

namespace laurel::ranked {

class RankedTree::State {
 public:
  explicit State(const Options& options);

  Applied apply(std::span<const Change> changes, std::span<std::uint64_t> positions);
  void abort();
  // Makes `items`, in order, the open version, which is empty.
  void build(std::span<const internal::Item> items);
  std::size_t memory() const;

  RankedView open_view() const;
  // The sealed version, or the committed one.
  internal::Version& newest() const { return sealed ? *sealed->version : *committed->version; }
  internal::Lens lens() const { return {&store->records(), store->columns()}; }

  // Guards `committed` against readers that take it. The tree itself has no lock.
  mutable std::mutex mutex;
  std::shared_ptr<internal::Store> store;
  std::shared_ptr<const internal::Pin> committed;
  std::shared_ptr<const internal::Pin> sealed;  // or null

  // The open version.
  std::uint64_t generation = 1;
  internal::Node* root = nullptr;
  std::uint64_t size = 0;

  // What has to be undone in records and index by an abort; nodes need nothing of the kind.
  struct Undo {
    enum class Kind : std::uint8_t { kJoined, kMoved, kLeft } kind;
    internal::MemberRef ref;
    SortKey before;
  };
  std::vector<Undo> open_undo;
  std::vector<Undo> sealed_undo;
  std::optional<internal::MemberIndex> index;

 private:
  void write(std::uint32_t number, internal::Net& net);
  void tell_positions(std::span<std::uint64_t> positions);
  void sort_ops();
  void undo(std::vector<Undo>& log);
  void free_younger_than(std::uint64_t generation, internal::Node* node);

  internal::Editor editor_;
  internal::NetChanges net_changes_;
  std::vector<internal::Op> ops_;
  std::vector<std::uint64_t> positions_;  // by net change
  std::vector<internal::Op> sorted_;
  std::vector<std::uint32_t> starts_;  // of buckets of operations
};

}  // namespace laurel::ranked
