/// Runs: which tournament runs a wager counts for, and what the player tells its entries there.
///
/// Why        Whether and for how much a wager counts is decided once, here, where its points are
///            known and its void will come; the void then takes back just that, whatever the
///            catalog says by then.
/// Cost       A wager that counts for no tournament: a look-up by game and one by category.
#pragma once

#include <string_view>

#include "actors/player/player.pb.h"
#include "laurel/api/turn.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/rules/tournaments_plan.h"

namespace laurel::actors::player {

/// Sends entry/RUN/PLAYER a contribution for every run the wager counts for, and notes the runs.
/// REQUIRES: a turn of player/PLAYER that handles the wager; settings<Tournaments,
/// TournamentsPlan>.
void contribute(const contract::WagerSettled& wager, const rules::PointsEarned& points,
                WagerNote& note, Turn& turn);
/// Takes back what contribute() sent, by its note. REQUIRES: a turn that handles the wager's void.
void retract(const contract::WagerVoided& voided, const WagerNote& note, Turn& turn);

}  // namespace laurel::actors::player
