/// RankedLoader: builds a ranked table from its stored rows.
///
/// Why        A table is in memory only; after a restart or a take-over it comes from its rows, in
///            one pass and packed full.
/// Lifecycle  add() each row, then finish() once.
/// Cost       O(n) for rows in order, else a sort. About 50 bytes a row until finish() returns.
#pragma once

#include <cstdint>
#include <memory>

#include "laurel/ranked/tree.h"

namespace laurel::ranked {

class RankedLoader {
 public:
  /// REQUIRES: `tree` is empty in all its versions and outlives the loader.
  explicit RankedLoader(RankedTree& tree);
  ~RankedLoader();
  RankedLoader(const RankedLoader&) = delete;
  RankedLoader& operator=(const RankedLoader&) = delete;

  /// False: the id has a wrong length, the key has a column the table has not, or (with a member
  /// index) the member is already there.
  bool add(const Row& row);
  /// The rows become the committed version, as of `commit`. Returns how many rows were left out
  /// because an equal one is there.
  std::uint64_t finish(std::uint64_t commit);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace laurel::ranked
