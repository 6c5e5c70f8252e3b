/// Contributions: what a wager adds to the tournament runs it counts for. Each run's entry of this
/// player lives beside the player; a wager is sent to it when it is settled, and taken back when it
/// turns out void. The runs are kept in the wager's note, so that only those are told, whatever the
/// catalog says by then.
///
/// Cost       A wager that counts for no tournament: a look-up by game and one by category.
#pragma once

#include <string>

#include "actors/player/player.pb.h"
#include "laurel/api/turn.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/rules/tournaments_plan.h"

namespace laurel::actors::player {

/// Sends the wager to the runs it counts for, and adds them to `note.runs`.
/// REQUIRES: a turn of player/PLAYER that handles the wager; settings<Tournaments,
/// TournamentsPlan>.
void contribute(const contract::WagerSettled& wager, const rules::PointsEarned& points,
                WagerNote& note, Turn& turn);

/// Takes the wager `tx_id` of the source of this turn back from the runs of its note.
void retract(const std::string& tx_id, const WagerNote& note, Turn& turn);

}  // namespace laurel::actors::player
