#include "actors/player/contributions.h"

#include <functional>
#include <string>

#include "laurel/contract/tournament.pb.h"
#include "laurel/rules/tournaments_plan.h"

namespace laurel::actors::player {
namespace {

// The wager's name within the player: the first 64 bits of SHA-256(source | 0 | tx_id).
std::uint64_t wager_name(const std::string& tx_id, const Turn& turn) {
  const Digest digest = turn.sha256({turn.cause().source, std::string_view("\0", 1), tx_id});
  std::uint64_t name = 0;
  for (std::size_t i = 0; i < 8; ++i) name = name << 8U | digest.at(i);
  return name;
}

ActorId entry_of(const std::string& run, const Turn& turn) {
  ActorId id{"entry", {}};
  id.key.reserve(run.size() + 1 + turn.self().key.size());
  id.key.append(run).append("/").append(turn.self().key);
  return id;
}

}  // namespace

void contribute(const contract::WagerSettled& wager, const rules::PointsEarned& points,
                WagerNote& note, Turn& turn) {
  // Whether and for how much a wager counts is decided here, once: its points are known, and its
  // void will come here. Each run is judged by the version of the catalog in force at its start.
  const auto plan_at = [&turn](TimeUs at) {
    const DatedPlan dated = turn.plan_at(plan_id<rules::TournamentsPlan>(), at);
    return rules::PlanInForce{static_cast<const rules::TournamentsPlan*>(dated.plan), dated.since,
                              dated.catalog_version};
  };
  auto& contribution = turn.scratch<contract::Contribution>();
  const auto count = [&](const rules::CountedRun& counted) {
    if (note.runs_size() == 0) {
      contribution.set_wager(wager_name(wager.tx_id(), turn));
      contribution.set_time_us(turn.now());
    }
    const std::string run = rules::run_id(counted.tournament.id, counted.window.start);
    contribution.set_value(counted.worth);
    counted.tournament.write_terms(counted.window, counted.catalog_version,
                                   *contribution.mutable_run());
    turn.send(entry_of(run, turn), contribution);
    note.add_runs(run);
  };
  rules::each_run(wager, turn.now(), points, plan_at, std::cref(count));  // a copy would allocate
}

void retract(const std::string& tx_id, const WagerNote& note, Turn& turn) {
  if (note.runs_size() == 0) return;
  contract::Retraction retraction;
  retraction.set_wager(wager_name(tx_id, turn));
  for (const std::string& run : note.runs()) turn.send(entry_of(run, turn), retraction);
}

}  // namespace laurel::actors::player
