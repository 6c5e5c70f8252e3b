// What a partition does with the versions of the catalog.
#include <gtest/gtest.h>

#include "actors/player/player.h"
#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/amount.h"
#include "laurel/runtime/catalog_schema.h"
#include "laurel/runtime/journal.pb.h"
#include "laurel/runtime/partition.h"
#include "laurel/testkit/utc_zones.h"
#include "support/canonical.h"
#include "support/scripted_engine.h"

namespace laurel::runtime {
namespace {

using actors::player::EarnProgram;
using actors::player::PlayerState;
using laurel::testing::ScriptedEngine;
using laurel::testing::Step;

struct Rate {
  std::int64_t num = 0;
};

std::shared_ptr<const Rate> compile(const EarnProgram& program, const Zones&, Problems&) {
  return std::make_shared<const Rate>(Rate{program.points_scale()});
}

struct Seen {
  std::uint64_t version = 0;
  std::int64_t plan = -1, document = -1;
  bool operator==(const Seen&) const = default;
};
std::vector<Seen>* seen = nullptr;  // by the actor below

class Watcher : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled&, Turn& turn) {
    const Rate* rate = turn.plan<Rate>();
    const auto* program = turn.document<EarnProgram>();
    seen->push_back({turn.cause().catalog_version, rate ? rate->num : -1,
                     program ? std::int64_t{program->points_scale()} : -1});
  }
};

ActorType watcher() {
  return describe<Watcher>("watcher").takes<contract::WagerSettled>().settings<EarnProgram, Rate>(
      "program", &compile);
}

struct PartitionCatalog : ::testing::Test {
  PartitionCatalog() {
    seen = &turns;
    open(std::make_shared<const Catalog>());
  }

  void open(std::shared_ptr<const Catalog> first) {
    catalog = std::move(first);
    partition = std::make_unique<Partition>(0, Partition::Ports{engine, registry, hasher}, catalog,
                                            PartitionOptions{});
    partition->start(*engine.take_over(0));
  }

  // The next version, with that rate.
  void publish(std::int64_t rate, TimeUs effective, TimeUs live) {
    auto program = std::make_shared<EarnProgram>();
    program->set_points_scale(static_cast<std::uint32_t>(rate));
    CatalogTerms terms;
    terms.number = catalog->newest().number() + 1;
    terms.effective_from_us = effective;
    terms.live_from_us = live;
    CatalogDocument document;
    document.name = "program";
    document.message = program;
    std::vector<DocumentProblem> problems;
    auto version = schema->compile(terms, {document}, zones, nullptr, problems);
    catalog = std::make_shared<const Catalog>(*catalog, std::move(version));
    partition->adopt(catalog);
  }

  void feed(const std::string& tx, TimeUs time, CatalogBound bound = {}) {
    auto submission = std::make_shared<Submission>();
    auto* envelope = google::protobuf::Arena::CreateMessage<contract::Envelope>(&submission->arena);
    auto* data = google::protobuf::Arena::CreateMessage<contract::WagerSettled>(&submission->arena);
    envelope->set_id(tx);
    envelope->set_type("laurel.wager.settled.v1");
    envelope->set_subject("p1");
    envelope->set_time_us(time);
    Event event;
    event.envelope = envelope;
    event.data = data;
    event.natural_key = keep_on(submission->arena, tx);
    event.routing_key = "p1";
    event.canonical = laurel::testing::canonical_on(submission->arena, *envelope, *data);
    event.catalog_bound = bound;
    submission->records.push_back({"raw", 1, 3, false});
    submission->results.resize(1);
    submission->pending = 1;
    EventBatch batch;
    batch.submission = submission;
    batch.events.push_back(std::move(event));
    partition->take(std::move(batch));
    partition->run(0);
  }

  std::shared_ptr<const Commit> commit(Step step = Step::kDurable) {
    auto sealed = partition->seal();
    Outcome outcome = Outcome::kDurable;
    engine.commit(sealed, [&](Outcome ended) { outcome = ended; });
    engine.complete(0, step);
    partition->on_outcome(sealed->number, outcome);
    partition->run(0);
    return sealed;
  }

  std::vector<Seen> turns;
  ScriptedEngine engine{1};
  ActorRegistry registry{{watcher()}};
  adapters::OpenSslHasher hasher;
  UtcZones zones;
  Result<CatalogSchema> schema = CatalogSchema::make(watcher().settings);
  std::shared_ptr<const Catalog> catalog;
  std::unique_ptr<Partition> partition;
};

TEST_F(PartitionCatalog, WithoutACatalogATurnSeesNoDocumentAndVersionZero) {
  feed("a", 1);
  EXPECT_EQ(turns, (std::vector<Seen>{{0, -1, -1}}));
}

TEST_F(PartitionCatalog, EachTurnSeesTheVersionOfItsEventTimeWhateverTheOrder) {
  publish(10, kFromTheBeginning, kFromTheBeginning);
  publish(20, 1000, 1000);
  feed("late", 999);
  feed("new", 1000);
  feed("later still", 5);
  EXPECT_EQ(turns, (std::vector<Seen>{{1, 10, 10}, {2, 20, 20}, {1, 10, 10}}));
}

TEST_F(PartitionCatalog, ABackfillSeesAVersionThatLooksBackOnlyWhenItKnewIt) {
  publish(10, kFromTheBeginning, kFromTheBeginning);
  publish(20, 100, 1000);
  feed("live", 500);
  feed("opened before", 500, {1});
  feed("opened after", 500, {2});
  EXPECT_EQ(turns, (std::vector<Seen>{{1, 10, 10}, {1, 10, 10}, {2, 20, 20}}));
}

TEST_F(PartitionCatalog, TheJournalNamesTheVersionOfTheEventAndTheCommitTheNewest) {
  publish(10, kFromTheBeginning, kFromTheBeginning);
  publish(20, 1000, 1000);
  feed("old", 1);
  const auto sealed = commit();
  EXPECT_EQ(sealed->catalog_version, 2U);
  bool journal = false;
  for (const Row& row : sealed->rows) {
    if (row.space != Space::kJournal) continue;
    JournalRow parsed;
    ASSERT_TRUE(parsed.ParseFromString(std::string(*row.value)));
    EXPECT_EQ(parsed.catalog_version(), 1U);
    journal = true;
  }
  EXPECT_TRUE(journal);
}

TEST_F(PartitionCatalog, WorkThatRunsAgainAfterAnAbortSeesTheVersionOfItsEventTime) {
  publish(10, kFromTheBeginning, kFromTheBeginning);
  feed("a", 500);
  const auto sealed = partition->seal();
  publish(20, 1000, 1000);
  partition->on_outcome(sealed->number, Outcome::kAborted);
  partition->run(0);
  EXPECT_EQ(turns, (std::vector<Seen>{{1, 10, 10}, {1, 10, 10}}));
}

}  // namespace
}  // namespace laurel::runtime
