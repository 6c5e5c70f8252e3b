/// A cluster whose actors remember the order of their wagers, wagers of the past, and what is to be
/// the same whatever order they come in.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/topics.h"
#include "support/partition_cluster.h"

namespace laurel::runtime::backfill_test {

using actors::player::PlayerState;
using contract::Amount;
using laurel::testing::PartitionCluster;
using laurel::testing::Step;

inline constexpr std::int64_t kHour = 3'600'000'000;
inline constexpr std::int64_t kLater = 1000 * kHour;  // the wall clock of all this

// Its state depends on the order of its wagers, and it tells each to a sink elsewhere.
class Chain : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    if (wager.tx_id() == "bad") return turn.reject("bad-luck", "a bad wager");
    EXPECT_LE(turn.watermark(), std::max(turn.now(), kLater)) << "from the future";
    state().set_wagers(state().wagers() * 31 +
                       static_cast<std::uint64_t>(contract::units_of(wager.stake_total())));
    state().set_ledger_entries(state().ledger_entries() + 1);
    turn.emit("balances", turn.self().key, wager.stake_total());
    contract::PointsPosted sent;
    sent.set_reason(wager.game_id());
    *sent.mutable_delta() = wager.stake_total();
    turn.send({"relay", turn.self().key}, sent);
  }
};

// Beside the chain: gets its messages in the same commit, or by the inbox when that is full.
class Relay : public Actor<PlayerState> {
 public:
  void on(const contract::PointsPosted& sent, Turn& turn) {
    if (sent.sequence() == 1) return turn.send({"window", sent.reason()}, sent.delta());
    contract::PointsPosted again = sent;
    again.set_sequence(1);
    turn.send(turn.self(), again);
  }
};

// Adds up, and says so once its hour is over: what comes later is too late.
class Window : public Actor<PlayerState> {
 public:
  void on(const Amount& amount, Turn& turn) {
    if (state().ledger_entries() == 1) return turn.reject("late", "the window is final");
    if (state().wagers() == 0) {
      const std::int64_t end = (turn.now() / kHour + 1) * kHour;
      turn.set_timer({"end", TimerClock::kEvent, end, end - kHour}, contract::BalanceChanged());
    }
    state().set_wagers(state().wagers() + static_cast<std::uint64_t>(contract::units_of(amount)));
  }
  void on(const contract::BalanceChanged&, Turn& turn) {
    state().set_ledger_entries(1);
    turn.emit("ledger", turn.self().key, contract::BalanceChanged());
  }
};

inline std::vector<ActorType> types() {
  return {
      describe<Chain>("chain").takes<contract::WagerSettled>(),
      describe<Relay>("relay").handles<contract::PointsPosted>(),
      describe<Window>("window").handles<Amount>().handles<contract::BalanceChanged>(),
  };
}

struct Past {
  std::string player;
  contract::WagerSettled wager;
  std::int64_t time_us = 0;
};

inline std::vector<Past> past(std::uint32_t seed, int count) {
  std::mt19937 random(seed);
  std::vector<Past> out;
  for (int i = 0; i < count; ++i) {
    Past each;
    each.player = "p" + std::to_string(random() % 5);
    each.time_us = (static_cast<std::int64_t>(i) * 5 * kHour) / count + 1;
    each.wager.set_tx_id("t" + std::to_string(i));
    *each.wager.mutable_stake_total() =
        contract::make_amount(static_cast<int>(random() % 100) + 1, "EUR", 2);
    each.wager.set_game_id("hour" + std::to_string(each.time_us / kHour));
    out.push_back(std::move(each));
  }
  return out;
}

struct Books {
  std::map<std::string, std::uint64_t> chains, windows;
  std::map<std::string, std::vector<std::string>> balances;
  std::size_t ended = 0;
  std::multiset<std::string> letters;
  bool operator==(const Books&) const = default;
};

inline Books books_of(const PartitionCluster& cluster) {
  Books out;
  for (int i = 0; i < 5; ++i) {
    const std::string player = "p" + std::to_string(i), hour = "hour" + std::to_string(i);
    out.chains[player] = cluster.root<PlayerState>("chain", player).wagers();
    out.windows[hour] = cluster.root<PlayerState>("window", hour).wagers();
  }
  for (const auto& record : cluster.topic("balances")) {
    out.balances[record.key].push_back(record.value);
  }
  out.ended = cluster.topic("ledger").size();
  for (const auto& record : cluster.topic(kTopicDeadLetters)) {
    contract::DeadLetter letter;
    letter.ParseFromString(record.value);
    out.letters.insert(letter.reason() + " " + letter.place());
  }
  return out;
}

struct Cluster : PartitionCluster {
  explicit Cluster(std::uint16_t partitions = 3, PartitionOptions options = {})
      : PartitionCluster(partitions, types(), std::make_shared<Catalog>(), options) {
    clock(kLater);
  }
  static BackfillOrder to(BackfillState state, std::uint64_t id = 1, bool sorted = false) {
    return {{id, "file", 0, 0, sorted}, state};
  }
  void open(std::uint64_t id = 1, bool sorted = false) {
    order(to(BackfillState::kOpen, id, sorted));
    settle();
  }
  void close(std::uint64_t id = 1) {
    order(to(BackfillState::kClosed, id));
    settle();
  }
  std::shared_ptr<Submission> stage(const Past& each, std::uint64_t id = 1) {
    return feed(each.player, each.wager, each.time_us, id);
  }
  Backfill backfill(std::uint64_t id = 1) const {
    for (const Backfill& each : gathered()) {
      if (each.terms.id == id) return each;
    }
    return {};
  }
  std::size_t rows() const {
    std::size_t count = 0;
    for (std::uint16_t id = 0; id < disk().partitions(); ++id) {
      for (const auto& [key, value] : disk().at(id)->rows) {
        count += key.first == Space::kStaged && key.second[0] == 'e' ? 1 : 0;
      }
    }
    return count;
  }
};

}  // namespace laurel::runtime::backfill_test
