// Ranked tables as a turn sees and changes them. What it changes waits until the turn is known to
// be good.
#include <algorithm>
#include <ranges>

#include "laurel/runtime/keys.h"
#include "turn_context.h"

namespace laurel::runtime::internal {
namespace {

std::optional<SortKey> key_of(const std::optional<Board::Place>& place) {
  return place ? std::optional(place->key) : std::nullopt;
}

}  // namespace

Board* TurnContext::declared_board(std::string_view table) {
  const TableSpec* spec = declared(table, TableKind::kRanked);
  if (spec == nullptr) return nullptr;
  if (Board* board = scope_.activation.board(table)) return board;
  Board* board = environment_.attach_board(scope_.activation, *spec);
  if (board == nullptr) reject("unreadable-state", "the rows of a board cannot be read");
  return board;
}

HashedName TurnContext::name_soon_written(const Board& board, std::string_view member) const {
  const HashedName name(name_of_row(board.spec().name, member));
  environment_.layers.open.prefetch(Space::kState, name.hash);
  return name;
}

const TurnContext::RankChange* TurnContext::own_rank(const Board& board,
                                                     std::string_view member) const {
  for (const RankChange& change : std::views::reverse(effects_.ranks)) {
    if (change.board == &board && change.move.member == member) return &change;
  }
  return nullptr;
}

bool TurnContext::rank_get(std::string_view table, std::string_view member, SortKey* key,
                           google::protobuf::Message* row) {
  const Board* board = declared_board(table);
  if (board == nullptr) return false;
  std::optional<std::string> stored;
  if (const RankChange* own = own_rank(*board, member)) {
    if (!own->move.after) return false;
    if (key != nullptr) *key = *own->move.after;
    stored = own->row ? std::optional<std::string>(*own->row) : std::nullopt;
  } else {
    const auto place = board->find(member);
    if (!place) return false;
    if (key != nullptr) *key = place->key;
    if (row != nullptr) {
      stored = environment_.layers.read(
          Space::kState, state_key(self().type, self().key, board->spec().name, member));
    }
  }
  if (row == nullptr) return true;
  const auto decoded = stored ? decode_ranked_row(*stored) : std::nullopt;
  return decoded && row->ParseFromString(decoded->row);
}

void TurnContext::rank_put(std::string_view table, std::string_view member, const SortKey& key,
                           const google::protobuf::Message& row) {
  Board* board = declared_board(table);
  if (board == nullptr) return;
  if (member.empty() || member.size() > ranked::kMemberBytesMax) {
    return reject("bad-member", "a member's id has 1 to 255 bytes");
  }
  for (std::size_t i = board->spec().columns; i < kSortColumnsMax; ++i) {
    if (key.columns[i] != 0) {
      return reject("bad-sort-key", std::string(table) + " has fewer columns");
    }
  }
  std::string bytes;
  if (!serialize(row, bytes)) return;
  const auto held = board->find(member);
  const Board::Place place{held ? held->tie : tie_of(sha256({self().key, "|", member})), key};
  effects_.ranks.push_back({board,
                            {std::string(member), place.tie, key_of(held), key},
                            name_soon_written(*board, member),
                            keep_ranked_row(environment_.layers.open.bytes, place, bytes)});
}

void TurnContext::rank_erase(std::string_view table, std::string_view member) {
  Board* board = declared_board(table);
  if (board == nullptr) return;
  const auto held = board->find(member);
  const RankChange* own = own_rank(*board, member);
  if (own != nullptr ? !own->move.after : !held) return;
  const Tie tie = own != nullptr ? own->move.tie : held->tie;
  effects_.ranks.push_back({board,
                            {std::string(member), tie, key_of(held), std::nullopt},
                            name_soon_written(*board, member),
                            std::nullopt});
}

std::uint64_t TurnContext::rank_size(std::string_view table) {
  Board* board = declared_board(table);
  return board == nullptr ? 0 : board->open().size();
}

void TurnContext::rank_walk(
    std::string_view table, std::uint64_t from,
    const std::function<bool(std::uint64_t, std::string_view, const SortKey&)>& place) {
  Board* board = declared_board(table);
  if (board == nullptr) return;
  const ranked::RankedView view = board->open();
  if (from >= view.size()) return;
  view.walk(from,
            [&](const ranked::RankedRow& row) { return place(row.position, row.member, row.key); });
}

std::vector<Board*> TurnContext::moved_boards() const {
  std::vector<Board*> out;
  for (const RankChange& change : effects_.ranks) {
    if (std::find(out.begin(), out.end(), change.board) == out.end()) out.push_back(change.board);
  }
  return out;
}

void TurnContext::apply_ranks(OpenCommit& commit) {
  for (RankChange& change : effects_.ranks) {
    change.board->set(change.move);
    commit.put_all_kept(Space::kState, change.name, change.row);
  }
}

}  // namespace laurel::runtime::internal
