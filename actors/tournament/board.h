/// Board: the members of an open run in their order: the one place that knows how they are ranked.
///
/// Order      Score in the run's direction, then the time it was reached, then
///            SHA-256(run | member): total, and the same whatever order scores arrived in.
/// Stored     Table `board`: order key -> member. Table `members`: member -> score.
/// Cost       A get, an erase and two puts per score; a step of places reads only its own rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "actors/tournament/tournament.pb.h"
#include "laurel/api/turn.h"
#include "laurel/contract/tournament.pb.h"

namespace laurel::actors::tournament {

inline constexpr std::string_view kMembers = "members";
inline constexpr std::string_view kBoard = "board";
inline constexpr std::string_view kStandings = "standings";

/// Bytes that sort as positions do: the best first.
std::string order_key(std::string_view run, std::string_view member, std::int64_t score,
                      TimeUs reached, contract::ScoreDirection direction, const Turn& turn);
/// Key of a place in `standings`: sorts as numbers do.
std::string place_key(std::uint64_t place);

/// How many members the board has more after it: -1, 0 or 1; nothing changed when the version is
/// old.
struct Ranked {
  bool newer = false;
  int members = 0;
};

class Board {
 public:
  Board(contract::ScoreDirection direction, Turn& turn) : direction_(direction), turn_(turn) {}
  Ranked rank(const contract::ScoreUpdate& update);

  struct Step {
    std::uint64_t written = 0;  // places, in all
    std::string after;
    bool done = false;
  };
  /// Gives the next `rows_max` members their places, and takes them off the board.
  Step write_places(std::uint64_t written, std::string_view after, std::size_t rows_max);

 private:
  std::string key_of(std::string_view member, const Member& row) const;
  contract::ScoreDirection direction_;
  Turn& turn_;
};

}  // namespace laurel::actors::tournament
