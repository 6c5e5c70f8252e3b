/// PartitionTest: one partition on an engine whose outcomes the test decides.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/player/player.h"
#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/partition.h"
#include "laurel/runtime/queries.h"
#include "laurel/runtime/topics.h"
#include "support/canonical.h"
#include "support/program_catalog.h"
#include "support/scripted_engine.h"

namespace laurel::runtime {

using actors::player::PlayerState;
using laurel::testing::ScriptedDisk;
using laurel::testing::ScriptedEngine;
using laurel::testing::Step;

inline std::shared_ptr<const Catalog> catalog() {
  // A point per cent.
  return laurel::testing::program_catalog(100, 1);
}

struct PartitionTest : ::testing::Test {
  explicit PartitionTest(std::vector<ActorType> types = {actors::player::actor_type()})
      : registry(std::move(types)) {
    open();
  }

  void open(PartitionOptions options = {}) {
    partition.reset();
    engine = std::make_unique<ScriptedEngine>(disk);
    partition = std::make_unique<Partition>(0, Partition::Ports{*engine, registry, hasher},
                                            catalog(), options);
    partition->start(*engine->take_over(0));
  }

  struct Wager {
    std::string tx;
    std::int64_t stake = 1;
    std::string player = "p1";
    std::int64_t time_us = 1000;
  };

  /// Of an input, whose reader is at the position of a wager after it.
  struct From {
    std::string input;
    std::vector<std::string> positions;  // of each wager
  };

  std::shared_ptr<Submission> feed(const std::vector<Wager>& wagers, const From& from = {}) {
    auto submission = std::make_shared<Submission>();
    submission->source = "test";
    submission->input = from.input;
    EventBatch batch;
    for (const Wager& wager : wagers) {
      auto* envelope =
          google::protobuf::Arena::CreateMessage<contract::Envelope>(&submission->arena);
      auto* data =
          google::protobuf::Arena::CreateMessage<contract::WagerSettled>(&submission->arena);
      envelope->set_id("id-" + wager.tx);
      envelope->set_type("laurel.wager.settled.v1");
      envelope->set_subject(wager.player);
      envelope->set_time_us(wager.time_us);
      data->set_tx_id(wager.tx);
      *data->mutable_stake_total() = contract::make_amount(wager.stake, "EUR", 2);
      Event event;
      event.index = static_cast<std::uint32_t>(batch.events.size());
      event.envelope = envelope;
      event.data = data;
      event.natural_key = keep_on(submission->arena, wager.player + "/" + wager.tx);
      event.routing_key = keep_on(submission->arena, wager.player);
      event.canonical = laurel::testing::canonical_on(submission->arena, *envelope, *data);
      submission->records.push_back({"raw", 1, 3, false});
      if (!from.input.empty()) {
        submission->records.back().position =
            keep_on(submission->arena, from.positions.at(event.index));
      }
      batch.events.push_back(std::move(event));
    }
    submission->results.resize(wagers.size());
    submission->pending = 1;
    submission->done = [this](Submission&) { ++answered; };
    batch.submission = submission;
    partition->take(std::move(batch));
    partition->run(now_us);
    return submission;
  }

  /// A record whose event went to another partition. `passed_us`: as EventBatch has it.
  void pass(const std::string& input, const std::string& position,
            std::optional<TimeUs> passed_us = {}) {
    auto submission = std::make_shared<Submission>();
    submission->input = input;
    submission->records.push_back({"raw", 1, 3, false});
    submission->records.back().position = keep_on(submission->arena, position);
    submission->results.resize(1);
    submission->pending = 1;
    EventBatch batch;
    batch.submission = submission;
    if (passed_us) batch.passed_us = *passed_us;
    batch.events.emplace_back().position_only = true;
    partition->take(std::move(batch));
    partition->run(now_us);
  }

  /// What is sealed ends with that step, or as the engine's script says, as the host would.
  Partition::Next end(const std::shared_ptr<const Commit>& sealed, std::optional<Step> step = {}) {
    Outcome outcome = Outcome::kDurable;
    engine->commit(sealed, [&](Outcome ended) { outcome = ended; });
    if (step) {
      engine->complete(0, *step);
    } else {
      engine->complete(0);
    }
    const auto next = partition->on_outcome(sealed->number, outcome);
    if (next == Partition::Next::kTakeOver) partition->resolve(*engine->take_over(0));
    partition->run(now_us);
    return next;
  }
  Partition::Next commit(Step step = Step::kDurable) { return end(partition->seal(), step); }
  void commit_all() {
    for (int i = 0; i < 100 && partition->can_seal(); ++i) commit();
  }

  std::string points(const std::string& player = "p1") {
    auto view = Queries(*engine, registry, hasher).actor("player", player);
    if (!view) return "none";
    const auto& state = static_cast<const PlayerState&>(*view->root);
    return to_string(contract::units_of(state.balances(0)));
  }
  std::size_t ledger_outputs() { return topic(kTopicLedger).size(); }
  /// Rows of p1's ledger, read by pages of that many; their sequences are 1, 2, 3, ...
  std::uint64_t ledger_rows(std::size_t page_rows) {
    const Queries queries(*engine, registry, hasher);
    std::uint64_t rows = 0;
    std::string cursor;
    do {
      auto page = queries.table("player", "p1", "ledger", cursor, page_rows);
      EXPECT_TRUE(page);
      if (!page) break;
      for (const auto& row : page->rows) EXPECT_EQ(row.sequence, ++rows);
      cursor = page->next;
    } while (!cursor.empty());
    return rows;
  }
  std::vector<OutputRecord> topic(std::string_view name) {
    const auto state = disk->at(0);
    const auto it = state->topics.find(name);
    return it == state->topics.end() ? std::vector<OutputRecord>{} : it->second;
  }
  std::string last_dead_letter() {
    const auto letters = topic(kTopicDeadLetters);
    if (letters.empty()) return {};
    contract::DeadLetter letter;
    letter.ParseFromString(letters.back().value);
    return letter.reason();
  }

  std::shared_ptr<ScriptedDisk> disk = std::make_shared<ScriptedDisk>(std::uint16_t{1});
  ActorRegistry registry;
  adapters::OpenSslHasher hasher;
  std::unique_ptr<ScriptedEngine> engine;
  std::unique_ptr<Partition> partition;
  int answered = 0;
  std::int64_t now_us = 0;  // wall clock
};

}  // namespace laurel::runtime
