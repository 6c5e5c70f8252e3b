// A ranked table as a plain sorted vector: what the tree is compared with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "laurel/ranked/invariants.h"
#include "laurel/ranked/tree.h"

namespace laurel::ranked::testing {

struct Member {
  SortKey key;
  Tie tie{};
  std::string id;

  friend auto operator<=>(const Member&, const Member&) = default;
  Row row() const { return {id, tie, key}; }
};

using Board = std::vector<Member>;

inline void put(Board& board, Member member) {
  board.insert(std::lower_bound(board.begin(), board.end(), member), std::move(member));
}

inline Member take(Board& board, std::size_t at) {
  Member out = board[at];
  board.erase(board.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

inline bool same(const RankedRow& row, const Member& member) {
  return row.member == member.id && row.tie == member.tie && row.key == member.key;
}

// The whole view, row by row, and its invariants.
inline void expect_same(const RankedView& view, const Board& board) {
  ASSERT_EQ(inconsistency(view), "");
  ASSERT_EQ(view.size(), board.size());
  std::size_t at = 0;
  view.walk(0, [&](const RankedRow& row) {
    EXPECT_EQ(row.position, at);
    EXPECT_TRUE(same(row, board[at])) << "at " << at;
    ++at;
    return !::testing::Test::HasFailure();
  });
  ASSERT_EQ(at, board.size());
}

// Random members and keys from a seed; `spread` small gives many ties.
class Dice {
 public:
  Dice(std::uint64_t seed, unsigned columns, std::int64_t spread)
      : random_(seed), columns_(columns), spread_(spread) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  SortKey key() {
    SortKey out;
    for (unsigned c = 0; c < columns_; ++c) {
      out.columns[c] =
          static_cast<std::int64_t>(below(static_cast<std::uint64_t>(spread_) * 2)) - spread_;
    }
    out.time = static_cast<TimeUs>(below(3));
    return out;
  }
  // Few ties and prefixes of each other, so that every step of the order decides now and then.
  Member member() {
    const std::uint64_t number = next_++;
    const std::uint64_t tie = number % 3 == 0 ? 7 : (number % 5) << 32U | number % 2;
    return {key(), Tie{tie},
            "m" + std::to_string(number * 7919 % 100003) + std::string(number % 9, 'x')};
  }

 private:
  std::mt19937_64 random_;
  unsigned columns_;
  std::int64_t spread_;
  std::uint64_t next_ = 0;
};

}  // namespace laurel::ranked::testing
