// Ranked tables of actors: places, versions and their changes, through aborts and crashes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/topics.h"
#include "support/partition_cluster.h"

namespace laurel::runtime {
namespace {

using actors::player::PlayerState;
using contract::Amount;
using laurel::testing::PartitionCluster;
using laurel::testing::Step;

// Tells a league its total; 0 leaves it, 13 fails after it has moved, 77 touches no place.
class Scorer : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    Amount score = wager.stake_total();
    score.set_asset(turn.self().key);
    turn.send_latest({"league", wager.game_id()}, score);
  }
};

class League : public Actor<PlayerState> {
 public:
  void on(const Amount& score, Turn& turn) {
    const auto units = static_cast<std::int64_t>(score.units_low());
    if (units == 77) return state().set_wagers(state().wagers() + 1);  // not a word about places
    if (units == 0) {
      turn.rank_erase("places", score.asset());
    } else {
      turn.rank_put("places", score.asset(), {{descending(units)}, turn.now()}, score);
    }
    if (units == 13) return turn.reject("unlucky", {});
    SortKey key;
    Amount row;
    EXPECT_EQ(turn.rank_get("places", score.asset(), &key, &row), units != 0);
    if (units != 0) {
      EXPECT_EQ(static_cast<std::int64_t>(row.units_low()), units);
    }
  }
};

std::vector<ActorType> types() {
  return {describe<Scorer>("scorer").takes<contract::WagerSettled>(),
          describe<League>("league").handles<Amount>().ranked_table<Amount>("places")};
}

contract::WagerSettled score(int id, std::int64_t units, const std::string& league = "l") {
  contract::WagerSettled out;
  out.set_tx_id("t" + std::to_string(id));
  *out.mutable_stake_total() = contract::make_amount(units, "", 0);
  out.set_game_id(league);
  return out;
}

// Follows the topic: what a consumer knows of the board.
struct Follower {
  std::uint64_t version = 0;
  std::vector<std::string> members;

  void apply(const contract::BoardChanged& change) {
    ASSERT_EQ(change.version(), version + 1) << "a gap in the chain";
    version = change.version();
    std::map<std::uint64_t, std::string> next;
    std::vector<bool> moved(members.size(), false);
    for (const auto& mover : change.movers()) {
      if (mover.has_before()) {
        ASSERT_EQ(members.at(mover.before().position()), mover.member());
        moved[mover.before().position()] = true;
      }
      if (mover.has_after()) {
        ASSERT_TRUE(next.emplace(mover.after().position(), mover.member()).second);
      }
    }
    for (std::uint64_t at = 0; at < members.size(); ++at) {
      if (moved[at]) continue;
      std::int64_t to = static_cast<std::int64_t>(at);
      for (const auto& shift : change.shifts()) {
        if (shift.from() <= at && at < shift.to()) to += shift.by();
      }
      ASSERT_TRUE(next.emplace(static_cast<std::uint64_t>(to), members[at]).second);
    }
    members.clear();
    for (const auto& [at, member] : next) {
      ASSERT_EQ(at, members.size());
      members.push_back(member);
    }
  }
};

struct PartitionBoards : ::testing::Test {
  PartitionCluster cluster{3, types(), std::make_shared<Catalog>()};

  static std::vector<std::string> order(PartitionCluster& from, const std::string& league = "l") {
    std::vector<std::string> out;
    auto page = from.queries().board("league", league, "places");
    if (!page.ok()) return out;
    page->board.view.walk(0, [&](const ranked::RankedRow& row) {
      out.emplace_back(row.member);
      return true;
    });
    return out;
  }
  static Follower follow(PartitionCluster& from) {
    Follower follower;
    for (const auto& record : from.topic(kTopicPositionChanges)) {
      contract::BoardChanged change;
      change.ParseFromString(record.value);
      follower.apply(change);
    }
    return follower;
  }
};

TEST_F(PartitionBoards, HigherScoresComeFirstAndEqualOnesByTime) {
  cluster.feed("a", score(1, 5), 300);
  cluster.feed("b", score(2, 9), 200);
  cluster.feed("c", score(3, 5), 100);
  cluster.settle();
  EXPECT_EQ(order(cluster), (std::vector<std::string>{"b", "c", "a"}));
  cluster.restart();
  EXPECT_EQ(order(cluster), (std::vector<std::string>{"b", "c", "a"})) << "from its rows";
}

// To read a large board back for each commit is what must never happen.
TEST_F(PartitionBoards, ABoardThatIsBeingScoredStaysWhateverItWeighs) {
  constexpr std::int64_t kSecond = 1'000'000;
  PartitionCluster small(1, types(), std::make_shared<Catalog>(),
                         {.activation_bytes_max = 1, .board_bytes_max = 1});
  std::int64_t now = 1'000 * kSecond;
  const auto made = [&] { return small.partition(0).counters().activations_made; };
  const auto play = [&](int id) {
    small.clock(now += kSecond);
    small.feed("p", score(id, id + 1), 100);
    small.settle();
  };
  play(0);
  const auto before = made();
  for (int id = 1; id <= 20; ++id) play(id);
  EXPECT_EQ(made() - before, 20U) << "the scorer each time, the league never";
  EXPECT_GT(small.partition(0).board_bytes(), 0U);
  small.clock(now += 11 * kSecond);
  small.settle();
  EXPECT_EQ(small.partition(0).board_bytes(), 0U) << "not scored for 10 s";
  small.feed("p", score(100, 77), 100);
  small.settle();
  EXPECT_EQ(small.partition(0).board_bytes(), 0U) << "its actor was there and did not ask for it";
  play(21);
  EXPECT_EQ(order(small), (std::vector<std::string>{"p"}));
  EXPECT_EQ(follow(small).version, 21U) << "each but the unlucky one, without a gap";
}

TEST_F(PartitionBoards, ItsRowsAreReadLikeThoseOfAnyTable) {
  for (int i = 1; i <= 5; ++i) cluster.feed("p" + std::to_string(i), score(i, 10 * i), 100);
  cluster.settle();
  std::vector<std::pair<std::string, std::uint64_t>> rows;
  std::string cursor;
  do {
    const auto page = cluster.queries().table("league", "l", "places", cursor, 2);
    ASSERT_TRUE(page.ok());
    for (const TableRow& row : page->rows) {
      rows.emplace_back(row.key, static_cast<const Amount&>(*row.row).units_low());
    }
    cursor = page->next;
  } while (!cursor.empty());
  EXPECT_EQ(rows, (std::vector<std::pair<std::string, std::uint64_t>>{
                      {"p1", 10}, {"p2", 20}, {"p3", 30}, {"p4", 40}, {"p5", 50}}));
}

TEST_F(PartitionBoards, OneThatIsNotInMemoryIsBuiltOnceAndAnewWhenItHasChanged) {
  cluster.feed("a", score(1, 5), 100);
  cluster.settle();
  const auto board = [](const Queries& queries) {
    const auto page = queries.board("league", "l", "places");
    EXPECT_TRUE(page.ok());
    return page->board.view;
  };
  const adapters::OpenSslHasher hasher;
  // No board is in its memory.
  const Queries elsewhere(cluster.engine(), cluster.registry(), hasher);
  const std::string_view first = board(elsewhere).at(0).member;
  EXPECT_EQ(static_cast<const void*>(board(elsewhere).at(0).member.data()),
            static_cast<const void*>(first.data()))
      << "the same tree";
  cluster.feed("b", score(2, 9), 100);
  cluster.settle();
  EXPECT_EQ(board(elsewhere).size(), 2U);
  EXPECT_EQ(board(elsewhere).at(0).member, "b");
}

TEST_F(PartitionBoards, AFailedTurnMovesNobody) {
  cluster.feed("a", score(1, 5), 100);
  cluster.settle();
  cluster.feed("a", score(2, 13), 100);
  cluster.settle();
  const auto page = cluster.queries().board("league", "l", "places");
  EXPECT_EQ(page->board.view.at(0).key.columns[0], descending(5));
  EXPECT_EQ(page->board.version, 1U);
}

TEST_F(PartitionBoards, WhoLeavesIsGoneAndTheOthersMoveUp) {
  for (int i = 1; i <= 4; ++i) cluster.feed("p" + std::to_string(i), score(i, i), 100);
  cluster.settle();
  cluster.feed("p3", score(9, 0), 200);
  cluster.settle();
  EXPECT_EQ(order(cluster), (std::vector<std::string>{"p4", "p2", "p1"}));
  EXPECT_EQ(follow(cluster).members, order(cluster));
}

TEST_F(PartitionBoards, AScoreThatIsTheSameMakesNoRecord) {
  cluster.feed("a", score(1, 5), 100);
  cluster.settle();
  const auto records = cluster.topic(kTopicPositionChanges).size();
  cluster.feed("a", score(2, 5), 100);
  cluster.settle();
  EXPECT_EQ(cluster.topic(kTopicPositionChanges).size(), records);
}

TEST_F(PartitionBoards, APinnedVersionStaysWhileTheBoardGoesOn) {
  BoardDirectory directory;
  directory.publish("x", {});
  EXPECT_EQ(directory.size(), 1U);
  cluster.feed("a", score(1, 5), 100);
  cluster.settle();
  const auto page = cluster.queries().board("league", "l", "places");
  cluster.feed("b", score(2, 6), 100);
  cluster.settle();
  EXPECT_EQ(page->board.view.size(), 1U);
  EXPECT_EQ(order(cluster).size(), 2U);
}

// Whatever becomes of the commits: the board is that of the rows, and its records lead to it.
TEST_F(PartitionBoards, TheChainOfChangesLeadsToTheBoardThroughAbortsAndCrashes) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    PartitionCluster chaos(3, types(), std::make_shared<Catalog>());
    std::map<std::string, std::int64_t> last;
    std::vector<std::pair<std::string, contract::WagerSettled>> unsure;
    int id = 0;
    for (int step = 0; step < 80; ++step) {
      for (int i = 0; i < 3; ++i) {
        const std::string player = "p" + std::to_string(random() % 12);
        const std::int64_t units = static_cast<std::int64_t>(random() % 6) * 10;
        unsure.emplace_back(player, score(++id, units));
        chaos.feed(player, unsure.back().second, 1000 + id);
        last[player] = units;
      }
      const auto which = static_cast<std::uint16_t>(random() % 3);
      const Step outcomes[] = {Step::kDurable, Step::kDurable, Step::kAborted,
                               Step::kUnknownHappened, Step::kUnknownNotHappened};
      chaos.engine().script(which, {outcomes[random() % 5]});
      chaos.step(which);
      if (random() % 12 == 0) {
        chaos.restart();  // the senders repeat what may be lost, in their order
        int at = 0;
        for (const auto& [player, event] : unsure) chaos.feed(player, event, 1001 + at++);
      }
    }
    chaos.settle();
    std::size_t members = 0;
    for (const auto& [player, units] : last) members += units != 0 ? 1 : 0;
    EXPECT_EQ(order(chaos).size(), members) << "seed " << seed;
    EXPECT_EQ(follow(chaos).members, order(chaos)) << "seed " << seed;
    const auto live = order(chaos);
    chaos.restart();
    EXPECT_EQ(order(chaos), live) << "seed " << seed;
  }
}

}  // namespace
}  // namespace laurel::runtime
