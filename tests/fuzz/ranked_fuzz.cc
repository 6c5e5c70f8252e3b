// Bytes as a program for a ranked table: changes, commits, aborts, pins, and reads, all compared
// with a plain sorted vector. The first byte says the shape of the table.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "laurel/ranked/board_change.h"
#include "laurel/ranked/invariants.h"
#include "laurel/ranked/tree.h"

namespace {

using namespace laurel;          // NOLINT(google-build-using-namespace)
using namespace laurel::ranked;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  std::uint8_t next() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

// 256 members; a few bits of their number decide their ties, so that all steps of the order count.
std::string id_of(std::uint8_t member) {
  return std::string(1 + member % 3, static_cast<char>('a' + member % 7)) + std::to_string(member);
}
Tie tie_of_member(std::uint8_t member) {
  return Tie{(std::uint64_t{member % 5U} << 32U) | (member % 2U)};
}

struct Holder {
  SortKey key;
  std::uint8_t member;
};

using Board = std::vector<Holder>;

bool comes_before(const Holder& a, const Holder& b) {
  if (a.key != b.key) return a.key < b.key;
  const Tie x = tie_of_member(a.member);
  const Tie y = tie_of_member(b.member);
  return x != y ? x < y : id_of(a.member) < id_of(b.member);
}

void compare(const RankedView& view, const Board& board) {
  require(inconsistency(view).empty());
  require(view.size() == board.size());
  std::size_t at = 0;
  view.walk(0, [&](const RankedRow& row) {
    require(row.position == at && row.key == board[at].key &&
            row.member == id_of(board[at].member));
    ++at;
    return true;
  });
  require(at == board.size());
  if (board.empty()) return;
  const Holder& some = board[board.size() / 2];
  require(view.position({id_of(some.member), tie_of_member(some.member), some.key}) ==
          board.size() / 2);
}

class Machine {
 public:
  explicit Machine(std::uint8_t shape)
      : options_{.columns = 1U + shape % 3U, .member_index = (shape & 8U) != 0}, tree_(options_) {}

  void step(Input& input) {
    switch (const std::uint8_t what = input.next(); what % 8) {
      case 0:
        if (!sealed_) seal();
        break;
      case 1:
        if (sealed_) settle();
        break;
      case 2:
        abort();
        break;
      case 3:
        pins_.emplace_back(tree_.committed(), committed_);
        if (pins_.size() > 3) pins_.erase(pins_.begin() + what / 8 % 3);
        break;
      default:
        change(input, 1U + what / 8U);
    }
  }

  void finish() {
    compare(tree_.open(), board_);
    compare(tree_.sealed(), sealed_ ? sealed_board_ : committed_);
    compare(tree_.committed(), committed_);
    for (const auto& [view, board] : pins_) compare(view, board);
  }

 private:
  SortKey key(Input& input) const {
    SortKey out;
    for (unsigned c = 0; c < options_.columns; ++c) {
      out.columns[c] = static_cast<std::int8_t>(input.next()) / 8;
    }
    out.time = input.next() % 2;
    return out;
  }

  void change(Input& input, unsigned many) {
    std::vector<std::string> ids(many);
    std::vector<Change> changes;
    for (unsigned i = 0; i < many; ++i) {
      const std::uint8_t member = input.next();
      ids[i] = id_of(member);
      Change change{ids[i], tie_of_member(member), {}, {}};
      for (const Holder& holder : board_) {
        if (holder.member == member) change.before = holder.key;
      }
      const bool leaves = change.before && input.next() % 4 == 0;
      if (!leaves) change.after = key(input);
      std::erase_if(board_, [&](const Holder& holder) { return holder.member == member; });
      if (change.after) {
        const Holder holder{*change.after, member};
        board_.insert(std::lower_bound(board_.begin(), board_.end(), holder, comes_before), holder);
      }
      changes.push_back(change);
    }
    require(tree_.apply(changes).rejected == 0);
  }

  void seal() {
    tree_.seal(commit_ + 1);
    sealed_ = true;
    sealed_board_ = board_;
    follow();
  }

  // What a follower is told of the commit leads him from the committed version to the sealed one.
  void follow() {
    std::vector<std::string> ids(256);
    std::vector<Change> changes;
    for (unsigned member = 0; member < 256; ++member) {
      ids[member] = id_of(static_cast<std::uint8_t>(member));
      Change change{ids[member], tie_of_member(static_cast<std::uint8_t>(member)), {}, {}};
      for (const Holder& holder : committed_) {
        if (holder.member == member) change.before = holder.key;
      }
      for (const Holder& holder : sealed_board_) {
        if (holder.member == member) change.after = holder.key;
      }
      if (change.before || change.after) changes.push_back(change);
    }
    const BoardChange told = board_change(tree_.committed(), tree_.sealed(), changes);
    std::vector<std::string> board(sealed_board_.size());
    std::vector<std::int64_t> by(committed_.size(), 0);
    std::vector<bool> moves(committed_.size(), false);
    for (const Shift& shift : told.shifts) {
      for (std::uint64_t at = shift.from; at < shift.to; ++at) by.at(at) = shift.by;
    }
    for (const Mover& mover : told.movers) {
      if (!mover.joined()) moves.at(*mover.old_position) = true;
      if (!mover.left()) board.at(*mover.new_position) = std::string(mover.member);
    }
    for (std::size_t at = 0; at < committed_.size(); ++at) {
      if (moves[at]) continue;
      std::string& place =
          board.at(static_cast<std::size_t>(static_cast<std::int64_t>(at) + by[at]));
      require(place.empty());
      place = id_of(committed_[at].member);
    }
    for (std::size_t at = 0; at < board.size(); ++at) {
      require(board[at] == id_of(sealed_board_[at].member));
    }
  }

  void settle() {
    tree_.settle(++commit_);
    sealed_ = false;
    committed_ = sealed_board_;
  }

  void abort() {
    tree_.abort();
    sealed_ = false;
    board_ = committed_;
  }

  Options options_;
  RankedTree tree_;
  Board board_;
  Board sealed_board_;
  Board committed_;
  bool sealed_ = false;
  std::uint64_t commit_ = 0;
  std::vector<std::pair<RankedView, Board>> pins_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Machine machine(input.next());
  while (!input.empty()) machine.step(input);
  machine.finish();
  return 0;
}
