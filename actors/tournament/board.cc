#include "actors/tournament/board.h"

#include <utility>
#include <vector>

namespace laurel::actors::tournament {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

void append_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace

std::string order_key(std::string_view run, std::string_view member, std::int64_t score,
                      TimeUs reached, contract::ScoreDirection direction, const Turn& turn) {
  std::uint64_t by_score = static_cast<std::uint64_t>(score) ^ kSignBit;
  if (direction != contract::SCORE_DIRECTION_LOW) by_score = ~by_score;
  std::string key;
  key.reserve(48);
  append_u64(key, by_score);
  append_u64(key, static_cast<std::uint64_t>(reached) ^ kSignBit);
  key.append(bytes_of(turn.sha256({run, member})));
  return key;
}

std::string place_key(std::uint64_t place) {
  std::string key;
  append_u64(key, place);
  return key;
}

std::string Board::key_of(std::string_view member, const Member& row) const {
  return order_key(turn_.self().key, member, row.score(), row.reached_us(), direction_, turn_);
}

Ranked Board::rank(const contract::ScoreUpdate& update) {
  Ranked ranked;
  Member member;
  const bool known = turn_.get(kMembers, update.member(), member);
  if (known && update.version() <= member.version()) return ranked;
  ranked.newer = true;
  if (known && !member.absent()) {
    turn_.erase(kBoard, key_of(update.member(), member));
    --ranked.members;
  }
  member.set_version(update.version());
  member.set_absent(update.absent());
  member.set_score(update.absent() ? 0 : update.score());
  member.set_reached_us(update.absent() ? 0 : update.reached_us());
  turn_.put(kMembers, update.member(), member);
  if (update.absent()) return ranked;
  BoardRow row;
  row.set_member(update.member());
  turn_.put(kBoard, key_of(update.member(), member), row);
  ++ranked.members;
  return ranked;
}

Board::Step Board::write_places(std::uint64_t written, std::string_view after,
                                std::size_t rows_max) {
  Step step{written, std::string(after), true};
  std::vector<std::pair<std::string, std::string>> rows;  // key, member
  // The smallest key behind `after`: what has its place is not read again.
  std::string from(after);
  if (!from.empty()) from.push_back('\0');
  turn_.scan(kBoard, from, [&](std::string_view key, std::string_view bytes) {
    if (rows.size() == rows_max) {
      step.done = false;
      return false;
    }
    BoardRow row;
    if (row.ParseFromString(std::string(bytes))) rows.emplace_back(key, row.member());
    return true;
  });
  for (auto& [key, name] : rows) {
    Member member;
    if (!turn_.get(kMembers, name, member)) continue;
    member.set_place(++step.written);
    turn_.put(kMembers, name, member);
    FinalPlace place;
    place.set_place(step.written);
    place.set_member(name);
    place.set_score(member.score());
    place.set_reached_us(member.reached_us());
    turn_.put(kStandings, place_key(step.written), place);
    turn_.erase(kBoard, key);
    step.after = std::move(key);
  }
  return step;
}

}  // namespace laurel::actors::tournament
