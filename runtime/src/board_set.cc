#include "board_set.h"

#include <utility>

#include "laurel/runtime/keys.h"
#include "laurel/runtime/topics.h"
#include "wire.h"

namespace laurel::runtime::internal {

BoardSet::~BoardSet() {
  sweep([](const Board&) { return false; });
}

Board* BoardSet::get(const Wanted& wanted) {
  std::string name = board_name(wanted.actor.type, wanted.actor.key, wanted.table.name);
  if (const auto it = boards_.find(name); it != boards_.end()) return it->second.get();
  auto board = std::make_unique<Board>(name, wanted.table, wanted.actor.key);
  const std::string prefix = state_key(wanted.actor.type, wanted.actor.key, wanted.table.name);
  const bool good = board->load(
      [&](const std::function<bool(std::string_view, std::string_view)>& row) {
        layers_.scan(Space::kState, prefix, prefix,
                     [&](std::string_view key, std::string_view value) {
                       return row(key.substr(prefix.size()), value);
                     });
      },
      wanted.durable, wanted.version);
  if (!good || layers_.failed()) return nullptr;
  return boards_.emplace(std::move(name), std::move(board)).first->second.get();
}

void BoardSet::touch(Board& board) {
  if (board.touched) return;
  board.touched = true;
  open_.push_back(&board);
}

void BoardSet::seal(CommitNumber number, TimeUs time) {
  LAUREL_ASSERT(in_flight_.empty());
  for (Board* board : open_) {
    board->touched = false;
    const auto record = board->seal(number);
    if (!record || !board->spec().published) continue;
    OpenCommit& open = layers_.open;
    open.emit({kTopicPositionChanges, open.bytes.keep(board->actor_key()),
               "laurel.board.changed.v1", keep_message(open.bytes, *record), time});
  }
  in_flight_ = std::exchange(open_, {});
}

void BoardSet::settle(CommitNumber number) {
  for (Board* board : in_flight_) board->settle(number, directory_);
  in_flight_.clear();
}

void BoardSet::abort() {
  for (auto* list : {&open_, &in_flight_}) {
    for (Board* board : *list) {
      board->touched = false;
      board->abort();
    }
    list->clear();
  }
}

}  // namespace laurel::runtime::internal
