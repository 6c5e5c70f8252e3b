// What is in a commit, and how an engine is set up: what a broker refuses, what comes back whole,
// what cannot be.
#include <gmock/gmock.h>

#include "conformance/kafka_engine_fixture.h"

namespace laurel::testing {
namespace {

using ::testing::ElementsAre;

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
