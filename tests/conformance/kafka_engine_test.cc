// What only this engine has: other nodes, snapshots that are lost, old, damaged or of somebody
// else, and a log that others can write to.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "conformance/kafka_engine_fixture.h"

namespace laurel::testing {
namespace {

using ::testing::ElementsAre;

// ---- Owners ------------------------------------------------------------------------------------

TEST_F(KafkaEngineTest, AnotherNodeTakesOverAndTheOldOneIsFenced) {
  const auto first = fixture_.open();
  auto old_owner = owner(*first);
  ASSERT_EQ(old_owner.commit({put("a", "1")}, {output("k", "x")}), Outcome::kDurable);
  const auto second = fixture_.open_as(other_node());
  auto new_owner = owner(*second);
  EXPECT_EQ(new_owner.number(), 1U);
  EXPECT_GT(new_owner.epoch(), old_owner.epoch());
  EXPECT_EQ(new_owner.get("a"), "1");
  EXPECT_EQ(old_owner.commit({put("a", "zombie")}, {output("k", "zombie")}), Outcome::kFenced);
  ASSERT_EQ(new_owner.commit({put("a", "2")}, {output("k", "y")}), Outcome::kDurable);
  EXPECT_EQ(old_owner.commit({put("a", "zombie")}), Outcome::kFenced);
  EXPECT_THAT(new_owner.topic(runtime::kTopicBalances), ElementsAre("x", "y"));
  second->close();
  const auto again = fixture_.open_as(other_node());
  EXPECT_EQ(owner(*again).get("a"), "2");
}

TEST_F(KafkaEngineTest, AFenceWithoutAnOwnerLeavesTheOutcomeUnknownAndTheOwnerMayGoOn) {
  const auto engine = fixture_.open();
  auto owner = KafkaEngineTest::owner(*engine);
  ASSERT_EQ(owner.commit({put("a", "1")}), Outcome::kDurable);
  // As a broker does that gives up a transaction: the id is fenced, nobody says to own it.
  write_to_changelog(fixture_.options().cluster + ".0", std::string("r\0stray", 7), "row");
  EXPECT_EQ(owner.commit({put("a", "2")}), Outcome::kUnknown);
  const auto recovered = owner.take_over();
  EXPECT_EQ(recovered.last_commit, 1U);
  EXPECT_EQ(owner.get("a"), "1");
  ASSERT_EQ(owner.commit({put("a", "2")}), Outcome::kDurable);
  EXPECT_EQ(owner.get("a"), "2");
}

// The old owner is fenced, and asks again before the new one has said that it is the owner.
TEST_F(KafkaEngineTest, TwoThatTakeItFromEachOtherEndWithOneOwner) {
  const auto first = fixture_.open();
  auto old_owner = owner(*first);
  ASSERT_EQ(old_owner.commit({put("a", "1")}), Outcome::kDurable);
  // It is fenced, and nobody says to be the owner.
  write_to_changelog(fixture_.options().cluster + ".0", std::string("r\0stray", 7), "row");
  EXPECT_EQ(old_owner.commit({put("a", "lost")}), Outcome::kUnknown);
  const auto second = fixture_.open_as(other_node());
  auto new_owner = owner(*second);
  EXPECT_EQ(new_owner.number(), 1U);
  const auto refused = first->take_over(0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kFenced);
  // The new owner was fenced by that attempt, and is the owner all the same.
  EXPECT_EQ(new_owner.commit({put("a", "2")}), Outcome::kUnknown);
  EXPECT_EQ(new_owner.take_over().last_commit, 1U);
  ASSERT_EQ(new_owner.commit({put("a", "2")}), Outcome::kDurable);
  EXPECT_EQ(old_owner.commit({put("a", "zombie")}), Outcome::kFenced);
  EXPECT_EQ(new_owner.get("a"), "2");
}

// No owner leaves any. Whoever may write to the changelog can; then all have to read the same.
TEST_F(KafkaEngineTest, RowsOfSomebodyElseAreReadAlikeByEverybody) {
  {
    const auto engine = fixture_.open();
    auto owner = KafkaEngineTest::owner(*engine);
    ASSERT_EQ(owner.commit({put("a", "1")}), Outcome::kDurable);
    engine->close();
  }
  write_to_changelog("nobody", std::string("r\0a", 3), "not committed");
  write_to_changelog("nobody", std::string("r\0b", 3), "not committed");
  const auto engine = fixture_.open();
  auto owner = KafkaEngineTest::owner(*engine);
  const auto before = owner.get("b");
  write_to_changelog("nobody", std::string("r\0d", 3), "while it is owned");
  ASSERT_EQ(owner.commit({put("c", "2")}), Outcome::kDurable);
  ASSERT_EQ(owner.commit({put("e", "3")}), Outcome::kDurable);
  std::map<std::string, std::optional<std::string>> here, there;
  for (const char* key : {"a", "b", "c", "d", "e"}) here[key] = owner.get(key);
  EXPECT_EQ(here["b"], before);
  EXPECT_EQ(here["c"], "2");
  EXPECT_EQ(here["e"], "3");
  engine->close();
  const auto elsewhere = fixture_.open_as(other_node());
  auto reader = KafkaEngineTest::owner(*elsewhere);
  for (const char* key : {"a", "b", "c", "d", "e"}) there[key] = reader.get(key);
  EXPECT_EQ(here, there);
}

TEST_F(KafkaEngineTest, ARecordThatIsNotLaurelsStopsThePartitionAndChangesNothing) {
  {
    const auto engine = fixture_.open();
    ASSERT_EQ(owner(*engine).commit({put("a", "1")}), Outcome::kDurable);
    engine->close();
  }
  write_to_changelog("nobody", "what is this", "?");
  const auto engine = adapters::open_kafka(fixture_.options());
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code, ErrorCode::kDataLost);
  EXPECT_THAT(engine.error().message, ::testing::HasSubstr("not Laurel's"));
}

// ---- Snapshots ---------------------------------------------------------------------------------

TEST_F(KafkaEngineTest, ALostDirectoryIsReadAnew) {
  {
    const auto engine = fixture_.open();
    work(*engine, 5);
    engine->close();
  }
  std::filesystem::remove_all(data_dir());
  const auto engine = fixture_.open();
  check(*engine, 5);
}

TEST_F(KafkaEngineTest, AnOlderDirectoryCatchesUp) {
  const std::string kept = fixture_.directory() / "kept";
  {
    const auto engine = fixture_.open();
    work(*engine, 2);
    engine->close();
  }
  std::filesystem::copy(data_dir(), kept, std::filesystem::copy_options::recursive);
  {
    const auto engine = fixture_.open();
    work(*engine, 3);
    engine->close();
  }
  std::filesystem::remove_all(data_dir());
  std::filesystem::rename(kept, data_dir());
  const auto engine = fixture_.open();
  check(*engine, 5);
}

TEST_F(KafkaEngineTest, ADamagedSnapshotIsPutAsideAndReadAnew) {
  {
    const auto engine = fixture_.open();
    work(*engine, 2);
    engine->close();
  }
  for (const auto& file : std::filesystem::directory_iterator(data_dir() + "/p000")) {
    if (file.path().filename().string().starts_with("MANIFEST")) {
      std::ofstream(file.path(), std::ios::trunc) << "damaged";
    }
  }
  const auto engine = fixture_.open();
  check(*engine, 2);
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir())) {
    aside += entry.path().filename().string().starts_with("p000.damaged-") ? 1 : 0;
  }
  EXPECT_EQ(aside, 1);
}

TEST_F(KafkaEngineTest, TheDirectoryOfAnotherClusterIsRefusedAndLeftAlone) {
  {
    const auto engine = fixture_.open();
    work(*engine, 1);
    engine->close();
  }
  adapters::KafkaOptions options = KafkaFixture().options();
  options.data_dir = data_dir();
  const auto refused = adapters::open_kafka(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDataDirForeign);
  const auto engine = fixture_.open();
  check(*engine, 1);
}

TEST_F(KafkaEngineTest, AChangelogThatEndsBeforeTheSnapshotIsRefused) {
  const KafkaFixture shorter;
  {
    const auto engine = fixture_.open();
    work(*engine, 3);
    engine->close();
  }
  {
    auto engine = adapters::open_kafka(shorter.options());
    ASSERT_TRUE(engine.ok());
    (*engine)->close();
  }
  // As if the topics had been made anew under the same name.
  std::filesystem::copy_file(shorter.options().data_dir + "/CLUSTER", data_dir() + "/CLUSTER",
                             std::filesystem::copy_options::overwrite_existing);
  adapters::KafkaOptions options = shorter.options();
  options.data_dir = data_dir();
  const auto refused = adapters::open_kafka(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLost);
}

TEST_F(KafkaEngineTest, TopicsThatWouldLoseDataAreRefusedAndEachIsNamedWithWhatMendsIt) {
  fixture_.open()->close();
  alter_topic("changelog", {{"cleanup.policy", "delete"}, {"max.message.bytes", "4000000"}});
  alter_topic(
      "inbox",
      {{"retention.ms", "1000"}, {"retention.bytes", "-1"}, {"max.message.bytes", "2097152"}});
  alter_topic("balances", {{"cleanup.policy", "compact"}, {"max.message.bytes", "2097152"}});
  // A broker hears of a change from its controller, a moment after that was asked for it.
  const auto opened_when = [this](auto heard) {
    auto opened = adapters::open_kafka(fixture_.options());
    for (int i = 0; i < 200 && !heard(opened); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      opened = adapters::open_kafka(fixture_.options());
    }
    return opened;
  };
  const auto engine = opened_when([](const auto& opened) {
    return !opened.ok() && opened.error().message.find(".inbox: ") != std::string::npos;
  });
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code, ErrorCode::kConfigInvalid);
  const std::string& text = engine.error().message;
  const std::string cluster = fixture_.options().cluster;
  const auto mended_by = [&](const std::string& topic, const std::string& changes) {
    return ::testing::HasSubstr("kafka-configs.sh --bootstrap-server " + kafka_bootstrap() +
                                " --alter --entity-type topics --entity-name " + cluster + "." +
                                topic + " --add-config " + changes);
  };
  EXPECT_THAT(text, mended_by("changelog",
                              "cleanup.policy=compact,min.compaction.lag.ms=172800000,"
                              "delete.retention.ms=604800000\n"));
  EXPECT_THAT(text, mended_by("inbox", "retention.ms=-1"));
  EXPECT_THAT(text, ::testing::HasSubstr("inbox: retention.ms is 1000, and has to be at least -1"));
  // More than is needed is well, and how long results are kept is the operator's.
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("max.message.bytes")));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr(".balances")));
  alter_topic("changelog", {{"cleanup.policy", "compact"},
                            {"min.compaction.lag.ms", "172800000"},
                            {"delete.retention.ms", "604800000"},
                            {"max.message.bytes", "4000000"}});
  alter_topic("inbox", {{"retention.ms", "-1"}, {"max.message.bytes", "2097152"}});
  const auto mended = opened_when([](const auto& opened) { return opened.ok(); });
  ASSERT_TRUE(mended.ok()) << mended.error().message;
  (*mended)->close();
}

TEST_F(KafkaEngineTest, WhatIsFinishedInAnInboxIsDeletedAndWhatWaitsIsNot) {
  adapters::KafkaOptions options = fixture_.options();
  options.inbox_prune_interval = std::chrono::milliseconds(0);
  const auto waiting = [](runtime::Engine& engine, const runtime::Positions& after) {
    auto entries = engine.read_inbox(1, after, 1'000'000);
    EXPECT_TRUE(entries.ok());
    return std::move(*entries);
  };
  std::vector<runtime::InboxEntry> all;
  runtime::Positions finished;
  {
    const auto engine = fixture_.open_as(options);
    auto source = owner(*engine, 0);
    auto target = owner(*engine, 1);
    for (int i = 0; i < 6; ++i) {
      runtime::Commit commit = source.next();
      commit.inbox = {{1, "message " + std::to_string(i)}};
      ASSERT_EQ(source.commit(std::move(commit)), Outcome::kDurable);
    }
    all = waiting(*engine, {});
    ASSERT_EQ(all.size(), 6);
    const auto finish = [&](std::size_t from, std::size_t to) {
      runtime::Commit commit = target.next();
      for (std::size_t i = from; i < to; ++i) {
        commit.positions[all[i].input] = finished[all[i].input] = all[i].position;
        commit.inbox_finished.emplace_back(all[i].input, all[i].position);
      }
      ASSERT_EQ(target.commit(std::move(commit)), Outcome::kDurable);
    };
    finish(0, 3);
    finish(3, 4);
    // Each message is followed by the marker of its transaction.
    EXPECT_EQ(first_offset("inbox", 1, 8), 8);
    EXPECT_EQ(waiting(*engine, finished).size(), 2);
  }
  // Another node, without a snapshot, finds exactly what waits.
  const auto engine = fixture_.open_as(other_node());
  (void)owner(*engine, 1);
  const auto left = waiting(*engine, finished);
  ASSERT_EQ(left.size(), 2);
  EXPECT_EQ(left[0].position, all[4].position);
  EXPECT_EQ(left[1].value, all[5].value);
}

TEST_F(KafkaEngineTest, TwoNodesCannotShareADirectory) {
  const auto engine = fixture_.open();
  const auto second = adapters::open_kafka(fixture_.options());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kDataDirInUse);
}

}  // namespace
}  // namespace laurel::testing
