/// Entry: one player's contributions to one run, and the score they make.
///
/// Why        A void takes back exactly its wager, also when that was the best: the wagers behind a
///            score are kept beside the player, in one partition with the voids (DESIGN.md 3.5).
/// Identity   entry/RUN/PLAYER, where player/PLAYER lives.
/// Handles    Contribution, Retraction, from player/PLAYER.
/// Sends      ScoreUpdate to tournament/RUN: the whole score, at most one per commit.
/// Tables     contributions (keyed): rows of the older ones.
/// Late       Judged by the watermark of the stream of the wager (or void): once it has passed
///            end + grace, a contribution is recorded late-for-run and a void changes no score.
/// Errors     rejects: bad-entry-key, score-overflow, too-many-retractions.
#pragma once

#include "actors/entry/entry.pb.h"
#include "laurel/api/actor_type.h"
#include "laurel/contract/tournament.pb.h"

namespace laurel::actors::entry {

class Entry : public Actor<EntryState> {
 public:
  void on(const contract::Contribution& contribution, Turn& turn);
  void on(const contract::Retraction& retraction, Turn& turn);

 private:
  bool closed(Turn& turn);
  void send_score(Turn& turn);
};

ActorType actor_type();

}  // namespace laurel::actors::entry
