// What spares the store a question must never forget an actor that is stored.
#include "fresh_groups.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "laurel/runtime/keys.h"
#include "partition_fixture.h"

namespace laurel::runtime {
namespace {

using internal::FreshGroups;
using internal::Layers;

// Tells its member of one of the runs.
class Sender : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn) {
    const auto run = static_cast<std::int64_t>(contract::units_of(wager.stake_total())) % 27;
    turn.send({"member", "r" + std::to_string(run) + "/" + turn.self().key}, wager.stake_total());
  }
};

class Member : public Actor<PlayerState> {
 public:
  void on(const contract::Amount&, Turn&) { state().set_wagers(state().wagers() + 1); }
};

ActorType member_type() {
  return describe<Member>("member").handles<contract::Amount>().routed_by_part_after('/');
}

struct FreshGroupsTest : PartitionTest {
  FreshGroupsTest()
      : PartitionTest({describe<Sender>("sender").takes<contract::WagerSettled>(), member_type()}) {
  }
  static PartitionOptions nobody_stays() {
    PartitionOptions options;
    options.activation_bytes_max = 1;
    return options;
  }
  void start() {
    open(nobody_stays());
    partition->run(0);  // what a start reads
    commit_all();
  }
  std::uint64_t count(const std::string& member) {
    const auto view = Queries(*engine, registry, hasher).actor("member", member);
    return view ? static_cast<const PlayerState&>(*view->root).wagers() : 0;
  }
  // Reads of rows for one wager of each of the players; each has a journal row and a sender.
  std::size_t reads_beside_senders(const std::string& round, int players, std::int64_t run) {
    std::vector<Wager> wagers;
    for (int p = 0; p < players; ++p) {
      const std::string player = "p" + std::to_string(p);
      wagers.push_back({round + player, 27 + run, player});
    }
    const std::size_t before = engine->gets();
    feed(wagers);
    commit_all();
    return engine->gets() - before - 2 * wagers.size();
  }
};

TEST_F(FreshGroupsTest, WhoIsNewInARunIsNotLookedFor) {
  start();
  EXPECT_EQ(reads_beside_senders("a", 10, 0), 0U);
  EXPECT_EQ(partition->activations(), 0U);
  EXPECT_EQ(reads_beside_senders("b", 12, 0), 10U);  // two are new
  EXPECT_EQ(reads_beside_senders("c", 12, 1), 0U);   // another run
  EXPECT_EQ(count("r0/p0"), 2U);
  EXPECT_EQ(count("r0/p11"), 1U);
  EXPECT_EQ(count("r1/p11"), 1U);
  // A new process knows nothing of who is there.
  start();
  EXPECT_EQ(reads_beside_senders("d", 13, 0), 13U);
  EXPECT_EQ(count("r0/p0"), 3U);
  EXPECT_EQ(count("r0/p12"), 1U);
}

TEST_F(FreshGroupsTest, ALongTimeWithoutUseForgetsAGroup) {
  start();
  EXPECT_EQ(reads_beside_senders("a", 10, 0), 0U);
  now_us = 2 * PartitionOptions().idle_us_max;
  partition->tick(now_us);
  EXPECT_EQ(reads_beside_senders("b", 12, 0), 12U);
  EXPECT_EQ(count("r0/p0"), 2U);
}

// Commits of all ends, processes that come and go, actors that leave memory: nothing that a member
// counted is ever lost or comes twice.
TEST_F(FreshGroupsTest, NoMemberIsEverForgotten) {
  std::mt19937_64 random(20261127);
  std::map<std::string, std::uint64_t> expected;
  int sent = 0;
  const auto more = [&](int round) {
    // Each third part of the rounds has runs of its own.
    const std::string player = "p" + std::to_string(random() % 25);
    const auto stake = static_cast<std::int64_t>(1 + random() % 3 + 9 * (round / 100));
    ++expected["r" + std::to_string(stake % 27) + "/" + player];
    return Wager{std::to_string(++sent), stake, player};
  };
  open(nobody_stays());
  for (int round = 0; round < 300; ++round) {
    std::vector<Wager> wagers;
    for (std::uint64_t i = 0; i < 1 + random() % 8; ++i) wagers.push_back(more(round));
    feed(wagers);
    while (partition->can_seal()) {
      const auto sealed = partition->seal();
      Outcome outcome = Outcome::kDurable;
      engine->commit(sealed, [&](Outcome ended) { outcome = ended; });
      if (random() % 2 == 0) feed({more(round)});  // its turn comes while that one is on its way
      constexpr Step kSteps[] = {Step::kDurable, Step::kDurable,         Step::kDurable,
                                 Step::kAborted, Step::kUnknownHappened, Step::kUnknownNotHappened};
      engine->complete(0, kSteps[random() % std::size(kSteps)]);
      if (partition->on_outcome(sealed->number, outcome) == Partition::Next::kTakeOver) {
        partition->resolve(*engine->take_over(0));
      }
      if (random() % 30 == 0) now_us += PartitionOptions().idle_us_max + 1;  // groups are forgotten
      partition->tick(now_us);
      partition->run(now_us);
    }
    if (random() % 20 == 0) open(random() % 3 == 0 ? PartitionOptions() : nobody_stays());
  }
  for (const auto& [member, wagers] : expected) EXPECT_EQ(count(member), wagers) << member;
}

struct FreshGroupsLimits : ::testing::Test {
  bool may_hold(const std::string& key) {
    return groups.may_hold(type, key, state_key(type.name, key), ++now);
  }
  void writes(const std::string& key) {
    groups.writes(type, key, state_key(type.name, key), ++now);
  }

  std::int64_t now = 0;
  ScriptedEngine engine;
  Layers layers{engine, 0};
  static constexpr std::size_t kRootsMax = 10'000;
  FreshGroups groups{layers, kRootsMax};
  ActorType type = member_type();
};

TEST_F(FreshGroupsLimits, AboveThemTheStoreIsAsked) {
  EXPECT_FALSE(may_hold("big/0"));
  for (std::size_t i = 0; i < kRootsMax; ++i) writes("big/" + std::to_string(i));
  EXPECT_EQ(groups.roots(), kRootsMax);
  EXPECT_TRUE(may_hold("big/0"));
  EXPECT_FALSE(may_hold("big/new"));
  EXPECT_FALSE(may_hold("small/0"));
  writes("small/0");  // one too many: the other group, used less recently, is given up
  EXPECT_TRUE(may_hold("small/0"));
  EXPECT_FALSE(may_hold("small/new"));
  EXPECT_TRUE(may_hold("big/new"));
  EXPECT_EQ(groups.roots(), 1U);
  for (std::size_t i = 1; i < kRootsMax; ++i) writes("small/" + std::to_string(i));
  EXPECT_FALSE(may_hold("small/new"));
  writes("small/more");  // there is no other: it is given up itself
  EXPECT_TRUE(may_hold("small/new"));
  EXPECT_EQ(groups.roots(), 0U);
  for (std::size_t i = 2; i < FreshGroups::kGroupsMax; ++i) may_hold("g" + std::to_string(i) + "/");
  EXPECT_EQ(groups.groups(), FreshGroups::kGroupsMax);
  EXPECT_TRUE(may_hold("another/0"));
  groups.forget_unused_since(now + 1);
  EXPECT_EQ(groups.groups(), 0U);
  EXPECT_EQ(groups.roots(), 0U);
  EXPECT_FALSE(may_hold("another/0"));
}

TEST_F(FreshGroupsLimits, AnActorThatIsAloneIsOfNoGroup) {
  EXPECT_TRUE(may_hold("nobody"));
  EXPECT_EQ(groups.groups(), 0U);
}

TEST_F(FreshGroupsLimits, ARowOfAnyLayerEndsIt) {
  layers.open.put(Space::kState, state_key(type.name, "r/1"), "");
  EXPECT_TRUE(may_hold("r/2"));
  EXPECT_FALSE(may_hold("s/2"));
}

}  // namespace
}  // namespace laurel::runtime
