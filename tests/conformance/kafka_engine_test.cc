// What only this engine has: other nodes, snapshots that are lost, old, damaged or of somebody
// else, and a log that others can write to.
#include <librdkafka/rdkafka.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "conformance/engine_driver.h"
#include "conformance/kafka_fixture.h"

namespace laurel::testing {
namespace {

using runtime::ErrorCode;
using runtime::Outcome;
using ::testing::ElementsAre;

class KafkaEngineTest : public ::testing::Test {
 protected:
  adapters::KafkaOptions other_node() const {
    adapters::KafkaOptions options = fixture_.options();
    options.data_dir = fixture_.directory() / "other";
    return options;
  }
  std::string data_dir() const { return fixture_.options().data_dir; }
  static EngineDriver owner(runtime::Engine& engine, runtime::PartitionId partition = 0) {
    EngineDriver driver(engine, partition);
    driver.take_over();
    return driver;
  }
  /// Commits `count` times to each partition: row n, "last" and a message for partition 1.
  static void work(runtime::Engine& engine, int count) {
    for (runtime::PartitionId partition = 0; partition < 4; ++partition) {
      auto owner = KafkaEngineTest::owner(engine, partition);
      for (int i = 0; i < count; ++i) {
        runtime::Commit commit = owner.next();
        const std::string number = std::to_string(commit.number);
        commit.rows = {put("last", number), put("n" + number, number, runtime::Space::kJournal)};
        commit.outputs = {output("k", number)};
        commit.inbox = {{1, std::to_string(partition) + "/" + number}};
        ASSERT_EQ(owner.commit(std::move(commit)), Outcome::kDurable);
      }
    }
  }
  /// That it is so.
  static void check(runtime::Engine& engine, std::uint64_t count) {
    for (runtime::PartitionId partition = 0; partition < 4; ++partition) {
      auto owner = KafkaEngineTest::owner(engine, partition);
      EXPECT_EQ(owner.number(), count);
      EXPECT_EQ(owner.get("last"), std::to_string(count));
      EXPECT_EQ(owner.get("n1", runtime::Space::kJournal), "1");
      EXPECT_EQ(owner.topic(runtime::kTopicBalances).size(), count);
    }
    const auto waiting = engine.read_inbox(1, {}, 1'000'000);
    ASSERT_TRUE(waiting.ok());
    EXPECT_EQ(waiting->size(), 4 * count);
  }
  /// Writes one record to the changelog of partition 0 in a transaction of its own, as whoever has
  /// that id.
  void write_to_changelog(const std::string& id, const std::string& key, const std::string& value) {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, setting] :
         {std::pair("bootstrap.servers", kafka_bootstrap()), std::pair("transactional.id", id)}) {
      ASSERT_EQ(rd_kafka_conf_set(conf, name, setting.c_str(), why, sizeof why), RD_KAFKA_CONF_OK)
          << why;
    }
    rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    ASSERT_NE(client, nullptr) << why;
    const auto ok = [](rd_kafka_error_t* error) {
      const std::string text = error == nullptr ? "" : rd_kafka_error_string(error);
      if (error != nullptr) rd_kafka_error_destroy(error);
      return text;
    };
    const std::string topic = fixture_.options().cluster + ".changelog";
    EXPECT_EQ(ok(rd_kafka_init_transactions(client, 10'000)), "");
    EXPECT_EQ(ok(rd_kafka_begin_transaction(client)), "");
    rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
    EXPECT_EQ(rd_kafka_produce(handle, 0, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                               value.size(), key.data(), key.size(), nullptr),
              0);
    EXPECT_EQ(ok(rd_kafka_commit_transaction(client, 10'000)), "");
    rd_kafka_topic_destroy(handle);
    rd_kafka_destroy(client);
  }

  /// Sets these properties of a topic of the cluster; all others go back to the broker's.
  void alter_topic(const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& properties) {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", kafka_bootstrap().c_str(), why, sizeof why);
    rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    ASSERT_NE(client, nullptr) << why;
    const std::string topic = fixture_.options().cluster + "." + name;
    auto* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
    for (const auto& [property, value] : properties) {
      rd_kafka_ConfigResource_set_config(resource, property.c_str(), value.c_str());
    }
    rd_kafka_queue_t* answers = rd_kafka_queue_new(client);
    rd_kafka_AlterConfigs(client, &resource, 1, nullptr, answers);
    rd_kafka_event_t* event = rd_kafka_queue_poll(answers, 10'000);
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(answers);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_destroy(client);
  }

  /// The first offset that a topic of the cluster still has; waits until it is at least `wanted`.
  std::int64_t first_offset(const std::string& name, int partition, std::int64_t wanted) {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", kafka_bootstrap().c_str(), why, sizeof why);
    rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    EXPECT_NE(client, nullptr) << why;
    const std::string topic = fixture_.options().cluster + "." + name;
    std::int64_t first = -1, end = -1;
    for (int i = 0; i < 500 && first < wanted; ++i) {
      if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &first, &end, 10'000);
    }
    rd_kafka_destroy(client);
    return first;
  }

  KafkaFixture fixture_;
};

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
  const auto engine = adapters::open_kafka(fixture_.options());
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
  fixture_.open()->close();
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

// ---- Content and configuration -----------------------------------------------------------------

TEST_F(KafkaEngineTest, ACommitThatTheBrokerDoesNotTakeIsRejectedAndTheNextOneGoesThrough) {
  const auto engine = fixture_.open();
  auto owner = KafkaEngineTest::owner(*engine);
  EXPECT_EQ(owner.commit({put("a", std::string(3'000'000, 'x'))}), Outcome::kRejected);
  ASSERT_EQ(owner.commit({put("a", "1")}, {output("k", "x")}), Outcome::kDurable);
  EXPECT_EQ(owner.get("a"), "1");
  EXPECT_THAT(owner.topic(runtime::kTopicBalances), ElementsAre("x"));
}

TEST_F(KafkaEngineTest, AfterARejectedCommitTheChangelogIsReadAgainOnceAndNotForEver) {
  const auto engine = adapters::open_kafka(fixture_.options());
  ASSERT_TRUE(engine.ok());
  auto owner = KafkaEngineTest::owner(**engine);
  int number = 0;
  const auto commit = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(owner.commit({put("a", std::to_string(++number))}), Outcome::kDurable);
    }
  };
  // Whether the end that is read to is before or behind a marker is the broker's business: both
  // come.
  for (int round = 0; round < 30; ++round) {
    EXPECT_EQ(owner.commit({put("a", std::string(3'000'000, 'x')), put("b", "1")}),
              Outcome::kRejected);
    commit(3);
    const auto read = (*engine)->stats().replayed;
    commit(5);
    EXPECT_EQ((*engine)->stats().replayed, read);
  }
  EXPECT_EQ(owner.get("a"), std::to_string(number));
}

TEST_F(KafkaEngineTest, ManyRowsTravelAndComeBackWhole) {
  std::vector<runtime::Row> rows;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = std::to_string(1'000'000 + i);
    rows.push_back(put(key, std::string(200, 's')));
    rows.push_back(put(key, std::string(400, 'l'), runtime::Space::kLog));
    rows.push_back(put(key, std::string(400, 'j'), runtime::Space::kJournal));
  }
  {
    const auto engine = fixture_.open();
    ASSERT_EQ(owner(*engine).commit(rows), Outcome::kDurable);
    engine->close();
  }
  const auto engine = fixture_.open_as(other_node());
  auto owner = KafkaEngineTest::owner(*engine);
  for (const runtime::Row& row : rows) ASSERT_EQ(owner.get(row.key, row.space), row.value);
}

TEST_F(KafkaEngineTest, WhatCannotBeIsRefused) {
  const auto error_of = [this](const auto& change) {
    adapters::KafkaOptions options = fixture_.options();
    options.transaction_timeout = std::chrono::milliseconds(1000);
    change(options);
    const auto engine = adapters::open_kafka(options);
    return engine.ok() ? ErrorCode::kInternal : engine.error().code;
  };
  using Options = adapters::KafkaOptions;
  EXPECT_EQ(error_of([](Options& o) { o.bootstrap = ""; }), ErrorCode::kConfigInvalid);
  EXPECT_EQ(error_of([](Options& o) { o.cluster = "a b"; }), ErrorCode::kConfigInvalid);
  EXPECT_EQ(error_of([](Options& o) { o.client = {{"no.such", "1"}}; }), ErrorCode::kConfigInvalid);
  EXPECT_EQ(error_of([](Options& o) { o.bootstrap = "127.0.0.1:1"; }), ErrorCode::kUnavailable);
  const auto patient = [](Options& o) { o.transaction_timeout = std::chrono::seconds(60); };
  EXPECT_EQ(error_of([&](Options& o) {
              patient(o);
              o.create = false;
            }),
            ErrorCode::kNotFound);
  fixture_.open()->close();
  EXPECT_EQ(error_of([&](Options& o) {
              patient(o);
              o.partitions = 5;
            }),
            ErrorCode::kConfigInvalid);
}

}  // namespace
}  // namespace laurel::testing
