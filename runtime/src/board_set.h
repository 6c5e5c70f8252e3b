/// BoardSet: all boards of a partition: which are in memory, which the commits on their way change.
///
/// Lifecycle  A board comes with its actor's activation and outlives aborts: reading a million rows
///            again would cost a second. It goes when its actor is passivated.
/// Threads    The partition's.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "board.h"
#include "layers.h"

namespace laurel::runtime::internal {

class BoardSet {
 public:
  BoardSet(Layers& layers, BoardDirectory* directory) : layers_(layers), directory_(directory) {}
  ~BoardSet();
  BoardSet(const BoardSet&) = delete;
  BoardSet& operator=(const BoardSet&) = delete;

  struct Wanted {
    const ActorId& actor;
    const TableSpec& table;
    std::uint64_t version = 0;  ///< as its actor's root says
    CommitNumber durable = 0;
  };
  /// The board, read from its rows when it is not in memory; nullptr: they cannot be read.
  Board* get(const Wanted& wanted);
  void touch(Board& board);

  /// Seals all that the open commit changed, and emits a record for each that moved.
  void seal(CommitNumber number, TimeUs time);
  void settle(CommitNumber number);
  void abort();
  /// Drops the boards of which `keep` says no. REQUIRES: none of those is touched or in flight.
  template <class Keep>
  void sweep(Keep keep) {
    for (auto it = boards_.begin(); it != boards_.end();) {
      if (keep(*it->second)) {
        ++it;
        continue;
      }
      if (directory_ != nullptr) directory_->withdraw(it->first);
      it = boards_.erase(it);
    }
  }

 private:
  Layers& layers_;
  BoardDirectory* const directory_;
  std::unordered_map<std::string, std::unique_ptr<Board>> boards_;
  std::vector<Board*> open_;
  std::vector<Board*> in_flight_;
};

}  // namespace laurel::runtime::internal
