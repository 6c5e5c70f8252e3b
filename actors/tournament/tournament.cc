#include "actors/tournament/tournament.h"

#include <string>

#include "actors/tournament/run_states.h"
#include "actors/tournament/standings.h"
#include "laurel/contract/outputs.pb.h"

namespace laurel::actors::tournament {
namespace {

constexpr std::string_view kTimer = "close";

TimeUs closes_at(const contract::RunTerms& run) { return run.end_us() + run.grace_us(); }

}  // namespace

void Tournament::on(const contract::ScoreUpdate& update, Turn& turn) {
  if (state().state() == RUN_STATE_UNSPECIFIED) {
    *state().mutable_run() = update.run();
    if (!become(RUN_STATE_OPEN, turn)) return;
    turn.set_timer({kTimer, TimerClock::kEvent, closes_at(state().run()), state().run().start_us()},
                   CloseRun());
  }
  if (state().state() != RUN_STATE_OPEN) {
    state().set_late(state().late() + 1);
    return record("late-for-run", update.member(), turn);
  }
  // The inbox keeps the order of what an entry sent, so the last is the highest version: its row is
  // not read to compare.
  const bool known = turn.rank_get(kBoard, update.member(), nullptr, nullptr);
  state().set_updates(state().updates() + 1);
  if (update.absent()) {
    if (!known) return;
    turn.rank_erase(kBoard, update.member());
    state().set_members(state().members() - 1);
    return;
  }
  BoardRow row;
  row.set_version(update.version());
  turn.rank_put(kBoard, update.member(),
                sort_key(update.score(), update.reached_us(), state().run().direction()), row);
  if (!known) state().set_members(state().members() + 1);
}

void Tournament::on(const CloseRun&, Turn& turn) {
  if (!become(RUN_STATE_CLOSING, turn)) return;
  turn.again(WritePlaces());
}

void Tournament::on(const WritePlaces& step, Turn& turn) {
  // A step that was written before is behind what is placed: done is done.
  if (state().state() != RUN_STATE_CLOSING || step.written() != state().placed()) return;
  const std::uint64_t written =
      write_places(step.written(), kPlacesPerStep, state().run().direction(), turn);
  state().set_placed(written);
  if (written >= state().members()) {
    (void)become(RUN_STATE_FINAL, turn);
    return;
  }
  if (written == step.written()) {
    return turn.reject("board-incomplete", "the board has fewer members than were ranked");
  }
  WritePlaces more;
  more.set_written(written);
  turn.again(more);
}

bool Tournament::become(RunState next, Turn& turn) {
  const RunStep* step = find_step(state().state(), next);
  if (step == nullptr) {
    turn.reject("illegal-state", "a run that is " + std::string(name_of(state().state())) +
                                     " cannot become " + std::string(name_of(next)));
    return false;
  }
  state().set_state(next);
  record(step->change, {}, turn);
  return true;
}

void Tournament::record(std::string_view change, std::string_view member, Turn& turn) {
  const std::string& run = turn.self().key;
  contract::TournamentChanged out;
  out.set_run(run);
  out.set_tournament(run.substr(0, run.find('@')));
  out.set_change(std::string(change));
  out.set_state(std::string(name_of(state().state())));
  out.set_start_us(state().run().start_us());
  out.set_end_us(state().run().end_us());
  out.set_closes_us(closes_at(state().run()));
  out.set_members(state().members());
  out.set_late(state().late());
  out.set_member(std::string(member));
  out.set_catalog_version(state().run().catalog_version());
  turn.emit("tournaments", run, out);
}

ActorType actor_type() {
  return describe<Tournament>("tournament")
      .handles<contract::ScoreUpdate>()
      .handles<CloseRun>()
      .handles<WritePlaces>()
      .ranked_table<BoardRow>(std::string(kBoard))
      .keyed_table<FinalPlace>(std::string(kStandings))
      .keyed_table<PlaceOf>(std::string(kPlaces));
}

}  // namespace laurel::actors::tournament
