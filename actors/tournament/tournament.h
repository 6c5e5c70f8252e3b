/// Tournament: one run: ranks its members while it is open, keeps its final standings for ever.
///
/// Why        An actor per run: thousands go on at once in all partitions, and one that is final is
///            rows that nobody touches.
/// Identity   tournament/RUN, such as tournament/weekly-slots@2026-02-16T18:00Z. A run to which
///            nobody contributed has none.
/// Handles    ScoreUpdate from entry/RUN/PLAYER. Its own timer and the steps of closing.
/// Lifecycle  run_states.h. Opens with the first score; closes when the cluster watermark, and
/// every
///            open backfill of its time, has passed end + grace, so that standings depend on no
///            load and no failover.
/// Tables     board (ranked, while open), standings and places (when final).
/// Order      A member's scores come in the order its entry sent them: the last is the highest
///            version.
/// Emits      `tournaments`: opened, closing, final, late-for-run.
/// Limits     kPlacesPerStep members are placed in one commit.
/// Errors     rejects: illegal-state, board-incomplete.
#pragma once

#include <cstddef>
#include <string_view>

#include "actors/tournament/tournament.pb.h"
#include "laurel/api/actor_type.h"
#include "laurel/contract/tournament.pb.h"

namespace laurel::actors::tournament {

inline constexpr std::size_t kPlacesPerStep = 1000;

class Tournament : public Actor<TournamentState> {
 public:
  void on(const contract::ScoreUpdate& update, Turn& turn);
  void on(const CloseRun& close, Turn& turn);
  void on(const WritePlaces& step, Turn& turn);

 private:
  bool become(RunState next, Turn& turn);
  void record(std::string_view change, std::string_view member, Turn& turn);
};

ActorType actor_type();

}  // namespace laurel::actors::tournament
