#include "actors/entry/contributions.h"

#include <string>

namespace laurel::actors::entry {
namespace {

constexpr std::string_view kTable = "contributions";

// Rows in the order they were written: 8 digits of a hexadecimal number.
std::string row_key(std::uint64_t number) {
  std::string key(8, '0');
  for (auto digit = key.rbegin(); digit != key.rend(); ++digit, number >>= 4) {
    *digit = "0123456789abcdef"[number & 15];
  }
  return key;
}

template <class List>
void erase_at(List& list, int index) {
  list.erase(list.begin() + index);
}

}  // namespace

Kept ContributionStore::at(const Contributions& from, int index) const {
  return {from.wager(index), state_.run().start_us() + from.time(index), from.value(index),
          from.late(index)};
}

void ContributionStore::erase(Contributions& from, int index) {
  erase_at(*from.mutable_wager(), index);
  erase_at(*from.mutable_time(), index);
  erase_at(*from.mutable_value(), index);
  erase_at(*from.mutable_late(), index);
}

bool ContributionStore::has_recent(std::uint64_t wager) const {
  for (const std::uint64_t each : state_.recent().wager()) {
    if (each == wager) return true;
  }
  return false;
}

void ContributionStore::add(const Kept& kept) {
  Contributions& recent = *state_.mutable_recent();
  recent.add_wager(kept.wager);
  recent.add_time(kept.time - state_.run().start_us());
  recent.add_value(kept.value);
  recent.add_late(kept.late);
  if (recent.wager_size() < kRowSize) return;
  turn_.put(kTable, row_key(state_.rows()), recent);
  state_.set_rows(state_.rows() + 1);
  state_.clear_recent();
}

std::optional<Kept> ContributionStore::take(std::uint64_t wager, bool keep_scored) {
  const auto index_in = [&](const Contributions& from) {
    for (int i = 0; i < from.wager_size(); ++i) {
      if (from.wager(i) == wager) return i;
    }
    return -1;
  };
  Contributions& recent = *state_.mutable_recent();
  if (const int index = index_in(recent); index >= 0) {
    const Kept found = at(recent, index);
    if (found.late || !keep_scored) erase(recent, index);
    return found;
  }
  std::optional<Kept> found;
  std::string key;
  Contributions row;
  if (state_.rows() == 0) return found;
  turn_.scan(kTable, {}, [&](std::string_view name, std::string_view bytes) {
    if (!row.ParseFromString(std::string(bytes))) return true;
    const int index = index_in(row);
    if (index < 0) return true;
    found = at(row, index);
    if (found->late || !keep_scored) {
      key = name;
      erase(row, index);
    }
    return false;
  });
  if (key.empty()) return found;
  if (row.wager_size() == 0) {
    turn_.erase(kTable, key);
  } else {
    turn_.put(kTable, key, row);
  }
  return found;
}

std::optional<rules::Score> ContributionStore::score(rules::Fold fold) {
  std::optional<rules::Score> score = rules::Score{};
  const auto add = [&](const Contributions& from) {
    for (int i = 0; i < from.wager_size() && score; ++i) {
      const Kept kept = at(from, i);
      if (!kept.late) score = rules::with(fold, *score, {kept.value, kept.time});
    }
  };
  if (state_.rows() > 0) {
    Contributions row;
    turn_.scan(kTable, {}, [&](std::string_view, std::string_view bytes) {
      if (row.ParseFromString(std::string(bytes))) add(row);
      return score.has_value();
    });
  }
  add(state_.recent());
  return score;
}

}  // namespace laurel::actors::entry
