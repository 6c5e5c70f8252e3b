/// Layers: the rows of a partition as the next turn sees them: open commit over sealed commit over
/// store, points and scans alike.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "laurel/runtime/engine.h"
#include "open_commit.h"

namespace laurel::runtime::internal {

class Layers {
 public:
  Layers(const Engine& engine, PartitionId partition) : engine_(engine), partition_(partition) {}

  /// The row as turns before left it. Nothing also when the store failed: see failure().
  std::optional<std::string> read(Space space, std::string_view key);
  /// Merged, ascending, without deleted rows, from `from` on within `prefix`.
  void scan(Space space, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& row);

  /// The row if a commit that is not in the store holds it.
  const std::optional<std::string>* unstored(Space space, std::string_view key) const;
  /// Reads these keys at once; they are remembered until forget(). REQUIRES: within one call of the
  /// partition, as the store may not overtake the layers.
  void prefetch(Space space, std::vector<std::string> keys);
  void forget();

  /// The open commit becomes `commit`, which is in flight from now on.
  void seal(const std::shared_ptr<Commit>& commit);

  /// Set once by whatever goes wrong with the store; nothing else is done after it.
  const std::string& failure() const { return failure_; }
  bool failed() const { return !failure_.empty(); }
  void fail(const Error& error) {
    if (failure_.empty()) failure_ = error.message;
  }

  OpenCommit open;
  std::shared_ptr<const Commit> in_flight;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  const Engine& engine_;
  const PartitionId partition_;
  KeyFilter in_flight_keys_;
  std::string failure_;
  std::unordered_map<std::string, std::optional<std::string>, Hash, std::equal_to<>>
      fetched_[kSpaceCount];
};

}  // namespace laurel::runtime::internal
