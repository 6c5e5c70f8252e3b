#include "laurel/ranked/board_change.h"

#include <algorithm>

#include "check.h"

namespace laurel::ranked {

namespace {

using Positions = std::vector<std::uint64_t>;

// The positions that `view` gives the movers' old or new rows.
void locate(const RankedView& view, std::vector<Mover>& movers, bool old) {
  std::vector<Row> rows;
  std::vector<Mover*> of;
  for (Mover& mover : movers) {
    const auto& key = old ? mover.old_key : mover.new_key;
    if (!key) continue;
    rows.push_back({mover.member, mover.tie, *key});
    of.push_back(&mover);
  }
  Positions found(rows.size());
  view.positions(rows, found);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RANKED_CHECK(found[i] != RankedView::kAbsent);
    (old ? of[i]->old_position : of[i]->new_position) = found[i];
  }
}

// Those who do not move keep their order among themselves. One at old position p has as many
// movers' old places before it as there are in `gone` below p; and those movers' new places come
// before it that have at most as many who stay before them as it has.
std::vector<Shift> shifts_of(const Positions& gone, const Positions& come, std::uint64_t old_size) {
  std::vector<Shift> out;
  std::int64_t by = 0;
  std::uint64_t from = 0;
  const auto close = [&](std::uint64_t to) {
    if (by == 0 || from >= to) return;
    if (!out.empty() && out.back().to == from && out.back().by == by) {
      out.back().to = to;
    } else {
      out.push_back({from, to, by});
    }
  };
  std::size_t g = 0;
  std::size_t c = 0;
  while (g < gone.size() || c < come.size()) {
    // Old position from which on the next new place counts: who stays with come[c] - c before it.
    const std::uint64_t next_come = c < come.size() ? come[c] - c + g : ~std::uint64_t{0};
    const std::uint64_t next_gone = g < gone.size() ? gone[g] : ~std::uint64_t{0};
    if (next_come <= next_gone && next_come < old_size) {
      // At the same old position the newcomer goes first: the one there is a mover or displaced.
      if (next_come > from) close(next_come);
      from = std::max(from, next_come);
      ++by;
      ++c;
    } else if (g < gone.size()) {
      if (next_gone > from) close(next_gone);
      from = next_gone + 1;
      --by;
      ++g;
    } else {
      break;  // all other newcomers come after everybody who stays
    }
  }
  close(old_size);
  return out;
}

}  // namespace

BoardChange board_change(const RankedView& before, const RankedView& after,
                         std::span<const Change> changed) {
  BoardChange out;
  for (const Change& change : changed) {
    if (change.before == change.after) continue;
    out.movers.push_back({change.member, change.tie, {}, {}, change.before, change.after});
  }
  if (out.movers.empty()) return out;
  locate(before, out.movers, true);
  locate(after, out.movers, false);
  Positions gone;
  Positions come;
  for (const Mover& mover : out.movers) {
    if (mover.old_position) gone.push_back(*mover.old_position);
    if (mover.new_position) come.push_back(*mover.new_position);
  }
  std::sort(gone.begin(), gone.end());
  std::sort(come.begin(), come.end());
  RANKED_CHECK(before.size() - gone.size() == after.size() - come.size());
  out.shifts = shifts_of(gone, come, before.size());
  std::sort(out.movers.begin(), out.movers.end(), [](const Mover& a, const Mover& b) {
    if (a.left() != b.left()) return b.left();
    return a.left() ? *a.old_position < *b.old_position : *a.new_position < *b.new_position;
  });
  return out;
}

}  // namespace laurel::ranked
