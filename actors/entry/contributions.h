/// ContributionStore: all contributions of one entry, the newest in its root, the others in rows.
///
/// Why        A wager must cost one root row, yet a void of the best needs all that are left: so
///            contributions move to the table `contributions` in rows of kRowSize, once each.
/// Cost       add(): the root, and a row every kRowSize contributions. remove() and score(): all
///            rows are read; they run on voids only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "actors/entry/entry.pb.h"
#include "laurel/api/turn.h"
#include "laurel/rules/scoring.h"

namespace laurel::actors::entry {

inline constexpr int kRowSize = 16;

struct Kept {
  std::uint64_t wager = 0;
  TimeUs time = 0;
  std::int64_t value = 0;
  bool late = false;
};

class ContributionStore {
 public:
  /// Of the entry whose turn this is.
  ContributionStore(EntryState& state, Turn& turn) : state_(state), turn_(turn) {}

  /// Whether it is among the newest. Older ones cannot come again: events are told apart before.
  bool has_recent(std::uint64_t wager) const;
  void add(const Kept& kept);
  /// The contribution of that wager, wherever it is. It is taken out, unless it is scored and
  /// `keep_scored`.
  std::optional<Kept> take(std::uint64_t wager, bool keep_scored);
  /// Folded from all that are not late. Nothing when a sum does not fit.
  std::optional<rules::Score> score(rules::Fold fold);

 private:
  Kept at(const Contributions& from, int index) const;
  static void erase(Contributions& from, int index);
  EntryState& state_;
  Turn& turn_;
};

}  // namespace laurel::actors::entry
