#include "actors/entry/entry.h"

#include <algorithm>
#include <optional>
#include <string>

#include "actors/entry/contributions.h"

namespace laurel::actors::entry {
namespace {

constexpr int kRetractedFirstMax = 10'000;

rules::Score score_of(const EntryState& state) {
  return {state.score(), state.reached_us(), state.contributions()};
}

void set_score(EntryState& state, const rules::Score& score) {
  state.set_score(score.value);
  state.set_reached_us(score.reached);
  state.set_contributions(score.contributions);
}

// What the board shows of a score.
bool same_on_board(const rules::Score& a, const rules::Score& b) {
  return a.value == b.value && a.reached == b.reached &&
         (a.contributions == 0) == (b.contributions == 0);
}

rules::Fold fold_of(const EntryState& state) {
  return rules::fold_of(state.run().operator_(), state.run().direction());
}

}  // namespace

void Entry::on(const contract::Contribution& contribution, Turn& turn) {
  if (!state().has_run()) *state().mutable_run() = contribution.run();
  ContributionStore store(state(), turn);
  if (store.has_recent(contribution.wager())) return;
  auto& first = *state().mutable_retracted_first();
  if (const auto it = std::find(first.begin(), first.end(), contribution.wager());
      it != first.end()) {
    first.erase(it);
    return;
  }
  const Kept kept{contribution.wager(), contribution.time_us(), contribution.value(), closed(turn)};
  if (kept.late) {
    store.add(kept);
    state().set_late(state().late() + 1);
    return;
  }
  const rules::Score before = score_of(state());
  const auto after = rules::with(fold_of(state()), before, {kept.value, kept.time});
  if (!after) {
    return turn.reject("score-overflow", "the sum of the run's contributions does not fit 64 bits");
  }
  store.add(kept);
  set_score(state(), *after);
  if (!same_on_board(before, *after)) send_score(turn);
}

void Entry::on(const contract::Retraction& retraction, Turn& turn) {
  ContributionStore store(state(), turn);
  const bool too_late = state().has_run() && closed(turn);
  const auto taken = store.take(retraction.wager(), too_late);
  if (!taken) {
    if (state().retracted_first_size() >= kRetractedFirstMax) {
      return turn.reject("too-many-retractions", "of contributions that have not come");
    }
    state().add_retracted_first(retraction.wager());
    return;
  }
  if (taken->late) {
    state().set_late(state().late() - 1);
    return;
  }
  if (too_late) {
    state().set_late_retractions(state().late_retractions() + 1);
    return;
  }
  const rules::Fold fold = fold_of(state());
  const rules::Score before = score_of(state());
  const rules::Without left = rules::without(fold, before, {taken->value, taken->time});
  std::optional<rules::Score> after = left.score;
  if (left.recompute) after = store.score(fold);
  if (!after) {
    return turn.reject("score-overflow", "the sum of the run's contributions does not fit 64 bits");
  }
  set_score(state(), *after);
  if (!same_on_board(before, *after)) send_score(turn);
}

bool Entry::closed(Turn& turn) {
  const contract::RunTerms& run = state().run();
  return turn.watermark() >= run.end_us() + run.grace_us();
}

void Entry::send_score(Turn& turn) {
  const std::string& key = turn.self().key;
  const auto slash = key.rfind('/');
  if (slash == std::string::npos) {
    return turn.reject("bad-entry-key", "\"" + key.substr(0, 160) + "\" is not RUN/PLAYER");
  }
  state().set_version(state().version() + 1);
  auto& update = turn.scratch<contract::ScoreUpdate>();
  update.mutable_member()->assign(key, slash + 1);
  update.set_version(state().version());
  update.set_absent(state().contributions() == 0);
  update.set_score(state().score());
  update.set_reached_us(state().reached_us());
  *update.mutable_run() = state().run();
  turn.send_latest({"tournament", key.substr(0, slash)}, update);
}

ActorType actor_type() {
  return describe<Entry>("entry")
      .handles<contract::Contribution>()
      .handles<contract::Retraction>()
      .routed_by_part_after('/')
      .keyed_table<Contributions>("contributions");
}

}  // namespace laurel::actors::entry
