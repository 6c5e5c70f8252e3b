/// BoardDirectory: the committed versions of the ranked tables that are in memory on this node, for
/// readers.
///
/// View       This node's. A table that is not here is read from its rows (Queries::board).
/// Threads    Any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/ranked/view.h"
#include "laurel/runtime/engine.h"

namespace laurel::runtime {

struct BoardVersion {
  ranked::RankedView view;    ///< pinned: stays as it is
  std::uint64_t version = 0;  ///< of the table: +1 with each commit that changed a place or a score
  CommitNumber commit = 0;    ///< the durable commit it belongs to
};

class BoardDirectory {
 public:
  /// `name`: board_name() of the actor's table.
  void publish(const std::string& name, BoardVersion board) {
    const std::lock_guard lock(mutex_);
    boards_.insert_or_assign(name, std::move(board));
  }
  void withdraw(const std::string& name) {
    const std::lock_guard lock(mutex_);
    boards_.erase(name);
  }
  std::optional<BoardVersion> find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto it = boards_.find(name);
    if (it == boards_.end()) return std::nullopt;
    return it->second;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return boards_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, BoardVersion, std::less<>> boards_;
};

/// Names a ranked table of an actor on this node.
std::string board_name(std::string_view type, std::string_view key, std::string_view table);

}  // namespace laurel::runtime
