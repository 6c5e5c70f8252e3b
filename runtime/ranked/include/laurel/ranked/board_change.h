/// BoardChange: how a board came from version v-1 to version v, completely.
///
/// Why        Who follows a board must not fetch it again for each commit, and must not be told of
///            each of the thousands that one mover displaces: they move in a few blocks.
/// Law        Take version v-1. Each mover goes to its new position (or goes). Everybody else, at
///            position p of v-1, goes to p + by of the shift that holds p, or stays. That is
///            version v, all of it.
/// Cost       O(movers log n), whatever the movers displace.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "laurel/ranked/view.h"

namespace laurel::ranked {

/// A member whose position or key is another than before. `member` is that of the caller's change.
struct Mover {
  std::string_view member;
  Tie tie{};
  std::optional<std::uint64_t> old_position;  ///< nothing: joined
  std::optional<std::uint64_t> new_position;  ///< nothing: left
  std::optional<SortKey> old_key;
  std::optional<SortKey> new_key;

  bool joined() const { return !old_position.has_value(); }
  bool left() const { return !new_position.has_value(); }
};

/// Positions [from, to) of version v-1, no mover among them, move by `by`, which is not 0.
struct Shift {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::int64_t by = 0;
  bool operator==(const Shift&) const = default;
};

struct BoardChange {
  std::vector<Mover> movers;  ///< by new position, then those who left by old position
  std::vector<Shift> shifts;  ///< in order, apart from each other or of different `by`

  /// No position and no score is another.
  bool empty() const { return movers.empty() && shifts.empty(); }
};

/// `changed` has each member that may differ between the versions once, as it was before and is
/// after; changes from a key to the same key are allowed and tell nothing.
/// REQUIRES: `before` and `after` hold what `changed` says, and differ in nothing else.
BoardChange board_change(const RankedView& before, const RankedView& after,
                         std::span<const Change> changed);

}  // namespace laurel::ranked
