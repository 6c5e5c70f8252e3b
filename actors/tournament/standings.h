/// Standings: how scores become places, while a run is open and when it is final.
///
/// Order      Score in the run's direction, then the time it was reached, then the hash of run and
///            member (the tie of the ranked table): total, and the same whatever order scores
///            arrived in.
/// Stored     `board` (ranked) while it is open; `standings` by place and `places` by member when
///            it is final: reading those needs no tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "laurel/api/sort_key.h"
#include "laurel/api/turn.h"
#include "laurel/contract/tournament.pb.h"

namespace laurel::actors::tournament {

inline constexpr std::string_view kBoard = "board";
inline constexpr std::string_view kStandings = "standings";
inline constexpr std::string_view kPlaces = "places";

SortKey sort_key(std::int64_t score, TimeUs reached, contract::ScoreDirection direction);
std::int64_t score_of(const SortKey& key, contract::ScoreDirection direction);

/// Key of a place in `standings`: 8 bytes, big-endian, so that keys sort as places do.
std::string place_key(std::uint64_t place);

/// Writes the places behind the first `written`, at most `rows_max`; how many there are then.
/// REQUIRES: the board does not change between the steps.
std::uint64_t write_places(std::uint64_t written, std::size_t rows_max,
                           contract::ScoreDirection direction, Turn& turn);

}  // namespace laurel::actors::tournament
