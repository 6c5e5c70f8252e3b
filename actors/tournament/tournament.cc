#include "actors/tournament/tournament.h"

#include <string>

#include "actors/tournament/board.h"
#include "actors/tournament/run_states.h"
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
  const Ranked ranked = Board(state().run().direction(), turn).rank(update);
  if (!ranked.newer) return;
  state().set_updates(state().updates() + 1);
  state().set_members(
      static_cast<std::uint64_t>(static_cast<std::int64_t>(state().members()) + ranked.members));
}

void Tournament::on(const CloseRun&, Turn& turn) {
  if (!become(RUN_STATE_CLOSING, turn)) return;
  turn.again(WritePlaces());
}

void Tournament::on(const WritePlaces& step, Turn& turn) {
  // A step that was written before is behind what is placed: done is done.
  if (state().state() != RUN_STATE_CLOSING || step.written() != state().placed()) return;
  const Board::Step next = Board(state().run().direction(), turn)
                               .write_places(step.written(), step.after(), kPlacesPerStep);
  state().set_placed(next.written);
  if (next.done) {
    (void)become(RUN_STATE_FINAL, turn);
    return;
  }
  WritePlaces more;
  more.set_written(next.written);
  more.set_after(next.after);
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
      .keyed_table<Member>("members")
      .keyed_table<BoardRow>("board")
      .keyed_table<FinalPlace>("standings");
}

}  // namespace laurel::actors::tournament
