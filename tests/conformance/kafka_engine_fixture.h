/// KafkaEngineTest: a cluster of its own on the broker, and what of it the engine does not show.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/engine_driver.h"
#include "conformance/kafka_fixture.h"

namespace laurel::testing {

using runtime::ErrorCode;
using runtime::Outcome;

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
    rd_kafka_t* client = new_client(id);
    ASSERT_NE(client, nullptr);
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
    rd_kafka_t* client = new_client();
    ASSERT_NE(client, nullptr);
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
    rd_kafka_t* client = new_client();
    if (client == nullptr) return -1;
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

 private:
  /// A producer of the broker's, with that transactional id if there is one. nullptr: it failed,
  /// and the test with it.
  static rd_kafka_t* new_client(const std::string& transactional_id = {}) {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    const auto set = [&](const char* name, const std::string& value) {
      EXPECT_EQ(rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why), RD_KAFKA_CONF_OK)
          << why;
    };
    set("bootstrap.servers", kafka_bootstrap());
    if (!transactional_id.empty()) set("transactional.id", transactional_id);
    rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    EXPECT_NE(client, nullptr) << why;
    return client;
  }
};

}  // namespace laurel::testing
