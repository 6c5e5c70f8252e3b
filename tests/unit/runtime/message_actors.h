/// Sources that tell sinks in other partitions, and sinks that set timers: a cluster of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/topics.h"
#include "support/partition_cluster.h"

namespace laurel::runtime::message_test {

using actors::player::PlayerState;
using contract::Amount;
using laurel::testing::PartitionCluster;
using laurel::testing::Step;

// Sends each stake to one of some sinks (absolute too), and what the wager's id says.
class Source : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    const Int128 stake = contract::units_of(wager.stake_total());
    state().set_wagers(state().wagers() + static_cast<std::uint64_t>(stake));
    turn.send({"sink", wager.game_id()}, wager.stake_total());
    contract::PointsPosted total;
    total.set_player(turn.self().key);
    total.set_sequence(state().wagers());
    turn.send_latest({"sink", wager.game_id() + "-latest"}, total);
    turn.remember(wager.stake_total());
  }
  void on(const contract::WagerVoided& wager, Turn& turn) {
    contract::WagerSettled event;
    Amount note;
    if (!turn.recall(*contract::WagerSettled::descriptor(),
                     {turn.cause().source, turn.cause().subject, wager.voids_tx_id()}, &event,
                     &note)) {
      return turn.reject("unknown-wager", {});
    }
    contract::set_units(note, -contract::units_of(note));
    turn.send({"sink", event.game_id()}, note);
  }
};

// What sinks were told by amounts, and why.
inline std::vector<std::string> told;

class Sink : public Actor<PlayerState> {
 public:
  void on(const Amount& amount, Turn& turn) {
    const Cause& cause = turn.cause();
    told.push_back(turn.self().key + " " + std::string(cause.event_type) + " " +
                   std::string(cause.source) + " " + std::string(cause.subject));
    const auto units = contract::units_of(amount);
    state().set_wagers(state().wagers() + static_cast<std::uint64_t>(units));
    state().set_ledger_entries(state().ledger_entries() + 1);  // how many came
    if (units == 13) return turn.reject("unlucky", "13");
    if (units == 1000) turn.send(turn.self(), amount);  // for ever
    if (units == 77) {                                  // in an hour
      turn.set_timer({"alarm", TimerClock::kEvent, turn.now() + 3600, turn.now()},
                     contract::BalanceChanged());
    }
    if (units == 78) turn.cancel_timer("alarm");
    if (units == 79) turn.again(contract::DeadLetter());
  }
  // The largest total of each sender: absolute, the last one wins.
  void on(const contract::PointsPosted& total, Turn& turn) {
    contract::PointsPosted old;
    turn.get("totals", total.player(), old);
    EXPECT_LE(old.sequence(), total.sequence()) << "out of order";
    turn.put("totals", total.player(), total);
    state().set_ledger_entries(state().ledger_entries() + 1);
  }
  void on(const contract::BalanceChanged&, Turn& turn) {
    Amount fired = contract::make_amount(turn.now(), "X", 0);
    turn.emit("balances", turn.self().key, fired);
  }
  void on(const contract::DeadLetter& step, Turn& turn) {
    contract::DeadLetter next = step;
    next.set_raw_bytes(step.raw_bytes() + 1);
    state().set_wagers(state().wagers() + 1);
    if (next.raw_bytes() < 5) turn.again(next);
  }
};

inline std::vector<ActorType> types() {
  return {describe<Source>("source").takes<contract::WagerSettled>().takes<contract::WagerVoided>(),
          describe<Sink>("sink")
              .handles<Amount>()
              .handles<contract::PointsPosted>()
              .handles<contract::BalanceChanged>()
              .handles<contract::DeadLetter>()
              .keyed_table<contract::PointsPosted>("totals")};
}

inline contract::WagerSettled wager(const std::string& tx, std::int64_t stake,
                                    const std::string& sink) {
  contract::WagerSettled out;
  out.set_tx_id(tx);
  *out.mutable_stake_total() = contract::make_amount(stake, "EUR", 2);
  out.set_game_id(sink);
  return out;
}

struct MessagesTest : ::testing::Test {
  PartitionCluster cluster{4, types(), std::make_shared<Catalog>()};
  std::uint64_t sum(const std::string& sink) {
    return cluster.root<PlayerState>("sink", sink).wagers();
  }
  std::uint64_t came(const std::string& sink) {
    return cluster.root<PlayerState>("sink", sink).ledger_entries();
  }
  std::vector<std::string> letters() {
    std::vector<std::string> reasons;
    for (const auto& record : cluster.topic(kTopicDeadLetters)) {
      contract::DeadLetter letter;
      letter.ParseFromString(record.value);
      reasons.push_back(letter.reason());
    }
    return reasons;
  }
  /// Names of a sink in the player's partition, and of a source in another.
  std::string sink_beside(const std::string& player) const {
    std::string name = "s";
    while (cluster.home_of(name) != cluster.home_of(player)) name += "s";
    return name;
  }
  std::string source_elsewhere(const std::string& player) const {
    std::string name = "f";
    while (cluster.home_of(name) == cluster.home_of(player)) name += "f";
    return name;
  }
};

}  // namespace laurel::runtime::message_test
