#include "actors/tournament/standings.h"

#include "actors/tournament/tournament.pb.h"

namespace laurel::actors::tournament {

SortKey sort_key(std::int64_t score, TimeUs reached, contract::ScoreDirection direction) {
  SortKey key;
  key.columns[0] =
      direction == contract::SCORE_DIRECTION_LOW ? ascending(score) : descending(score);
  key.time = reached;
  return key;
}

std::int64_t score_of(const SortKey& key, contract::ScoreDirection direction) {
  return direction == contract::SCORE_DIRECTION_LOW ? key.columns[0] : descending(key.columns[0]);
}

std::string place_key(std::uint64_t place) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(place >> shift));
  return key;
}

std::uint64_t write_places(std::uint64_t written, std::size_t rows_max,
                           contract::ScoreDirection direction, Turn& turn) {
  std::uint64_t now = written;
  turn.rank_walk(kBoard, written,
                 [&](std::uint64_t position, std::string_view member, const SortKey& key) {
                   if (position - written >= rows_max) return false;
                   now = position + 1;
                   FinalPlace place;
                   place.set_place(now);
                   place.set_member(std::string(member));
                   place.set_score(score_of(key, direction));
                   place.set_reached_us(key.time);
                   turn.put(kStandings, place_key(now), place);
                   PlaceOf of;
                   of.set_place(now);
                   turn.put(kPlaces, member, of);
                   return true;
                 });
  return now;
}

}  // namespace laurel::actors::tournament
