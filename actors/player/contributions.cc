#include "actors/player/contributions.h"

namespace laurel::actors::player {

// There are no tournaments yet: no run is open, none has to be told.

void contribute(const contract::WagerSettled& /*wager*/, const Earned& /*earned*/,
                WagerNote& /*note*/, Turn& /*turn*/) {}

void retract(const std::string& /*tx_id*/, const WagerNote& /*note*/, Turn& /*turn*/) {}

}  // namespace laurel::actors::player
