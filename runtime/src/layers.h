/// Layers: the rows of a partition as the next turn sees them: open commit over sealed commit over
/// store, points and scans alike.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hashed_name.h"
#include "laurel/runtime/engine.h"
#include "open_commit.h"

namespace laurel::runtime::internal {

class Layers {
 public:
  Layers(const Engine& engine, PartitionId partition) : engine_(engine), partition_(partition) {}

  /// The row as turns before left it. Nothing also when the store failed: see failure().
  std::optional<std::string> read(Space space, const HashedName& key);
  /// Merged, ascending, without deleted rows, from `from` on within `prefix`.
  void scan(Space space, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& row);

  /// The row if a commit that is not in the store holds it.
  const std::optional<std::string_view>* unstored(Space space, const HashedName& key) const;
  /// Reads these keys at once; they are remembered until forget(). REQUIRES: within one call of the
  /// partition, as the store may not overtake the layers; the keys stay where they are until then.
  void prefetch(Space space, std::vector<std::string_view> keys);
  void forget();

  /// The open commit becomes `commit`, which is in flight from now on. `open` is to be cleared.
  void seal(const std::shared_ptr<Commit>& commit);

  /// Set once by whatever goes wrong with the store; nothing else is done after it.
  const std::string& failure() const { return failure_; }
  bool failed() const { return !failure_.empty(); }
  void fail(const Error& error) {
    if (failure_.empty()) failure_ = error.message;
  }

  /// Gives memory back, after the open commit was cleared twice. REQUIRES: none is in flight.
  void give_back() { in_flight_keys_ = {}; }

  OpenCommit open;
  std::shared_ptr<const Commit> in_flight;

 private:
  struct Fetched {
    std::vector<std::string_view> keys;  // ascending
    std::vector<std::optional<std::string>> values;
  };
  const Engine& engine_;
  const PartitionId partition_;
  KeyFilter in_flight_keys_;
  std::string failure_;
  Fetched fetched_[kSpaceCount];
};

}  // namespace laurel::runtime::internal
