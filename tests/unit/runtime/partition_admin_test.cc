// What somebody does by hand: durable with its record in `audit`, once, in a chain.
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "actors/player/player.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/topics.h"
#include "support/golden.h"
#include "support/partition_cluster.h"

namespace laurel::runtime {
namespace {

using laurel::testing::PartitionCluster;
using laurel::testing::Step;

struct PartitionAdmin : ::testing::Test {
  PartitionCluster cluster{2, {}, std::make_shared<Catalog>(), PartitionOptions{}};
  std::vector<bool> answers;

  void act(const std::string& target, const std::string& position) {
    AdminAction action;
    action.action = "input.accept-loss";
    action.target = target;
    action.by = "kim";
    action.reason = "retention was an hour";
    action.positions["generation/" + target] = position;
    cluster.partition(kAuditPartition).act(std::move(action), [this](bool durable) {
      answers.push_back(durable);
    });
  }
  std::vector<contract::AuditRecord> records() const {
    std::vector<contract::AuditRecord> out;
    for (const OutputRecord& each : cluster.topic(kTopicAudit)) {
      EXPECT_EQ(each.type, kAuditType);
      EXPECT_TRUE(out.emplace_back().ParseFromString(each.value));
    }
    return out;
  }
};

TEST_F(PartitionAdmin, EachActionHasOneRecordChainedToTheOneBefore) {
  cluster.clock(5'000'000);
  act("wagers/3", "1");
  cluster.settle();
  cluster.restart();
  act("wagers/4", "2");
  cluster.settle();
  EXPECT_EQ(answers, (std::vector<bool>{true, true}));
  const auto all = records();
  ASSERT_EQ(all.size(), 2);
  std::string before;
  std::uint64_t number = 0;
  for (contract::AuditRecord record : all) {
    EXPECT_EQ(record.number(), ++number);
    EXPECT_EQ(record.by(), "kim");
    EXPECT_EQ(record.reason(), "retention was an hour");
    EXPECT_EQ(record.recorded_time_us(), 5'000'000);
    EXPECT_EQ(record.previous_hash(), before);
    before = record.hash();
    record.clear_hash();
    const std::string bytes = record.SerializeAsString();
    std::string hash(32, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
    EXPECT_EQ(before, hash);
  }
  const Positions& positions = cluster.partition(kAuditPartition).positions();
  EXPECT_EQ(positions.at("generation/wagers/3"), "1");
  EXPECT_EQ(positions.at("generation/wagers/4"), "2");
}

TEST_F(PartitionAdmin, AnActionWhoseCommitEndsBadlyIsDoneOnceAllTheSame) {
  cluster.engine().script(kAuditPartition,
                          {Step::kAborted, Step::kUnknownNotHappened, Step::kUnknownHappened});
  act("wagers/3", "1");
  act("wagers/4", "2");
  cluster.settle();
  EXPECT_EQ(answers, (std::vector<bool>{true, true}));
  const auto all = records();
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all[0].target(), "wagers/3");
  EXPECT_EQ(all[1].previous_hash(), all[0].hash());
}

// --- Backfills and catalogs ---

TEST_F(PartitionAdmin, ABackfillIsClosedOrDroppedWithOneRecordInTheCommitThatDoesIt) {
  cluster.engine().script(kAuditPartition,
                          {Step::kDurable, Step::kAborted, Step::kUnknownHappened});
  for (const std::uint64_t id : {1, 2}) {
    cluster.order({{id, "file", 0, 0, false}, BackfillState::kOpen});
    cluster.settle();
    const auto state = id == 1 ? BackfillState::kClosed : BackfillState::kDropped;
    for (int again = 0; again < 2; ++again) {
      cluster.order({{id, "file", 0, 0, false}, state, "kim", "all files are in"});
      cluster.settle();
    }
    cluster.restart();
  }
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].action(), "backfill.close");
  EXPECT_EQ(all[0].target(), "backfill/1");
  EXPECT_EQ(all[0].by(), "kim");
  EXPECT_EQ(all[0].reason(), "all files are in");
  EXPECT_EQ(all[0].before(), "open, of file");
  EXPECT_EQ(all[1].action(), "backfill.drop");
  EXPECT_EQ(all[1].previous_hash(), all[0].hash());
}

TEST_F(PartitionAdmin, WhoClosedABackfillIsKnownAlsoWhenACrashCameBetweenThePartitions) {
  const BackfillTerms terms{1, "file", 0, 0, false};
  cluster.order({terms, BackfillState::kOpen});
  cluster.settle();
  cluster.partition(1).order({terms, BackfillState::kClosed, "kim", "all files are in"}, {});
  cluster.settle();
  EXPECT_TRUE(records().empty());
  cluster.restart();
  for (BackfillOrder& left : unfinished_orders(cluster.gathered())) cluster.order(std::move(left));
  cluster.settle();
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].by(), "kim");
  EXPECT_EQ(all[0].reason(), "all files are in");
}

TEST_F(PartitionAdmin, TheEndOfTheChainIsStoredAsItWas) {
  cluster.clock(5'000'000);
  act("wagers/3", "1");
  cluster.settle();
  const auto& rows = cluster.disk().at(kAuditPartition)->rows;
  const auto end = rows.find({Space::kStaged, "a"});
  ASSERT_NE(end, rows.end());
  EXPECT_EQ(laurel::testing::hex(end->second),
            laurel::testing::hex(laurel::testing::golden("audit-end.hex")));
}

TEST_F(PartitionAdmin, EachPublishedVersionHasOneRecordWhateverBecomesOfItsCommit) {
  auto catalog = std::make_shared<const Catalog>();
  const auto publish = [&](const std::string& by, const std::string& note) {
    CatalogTerms terms;
    terms.number = catalog->newest().number() + 1;
    terms.note = note;
    terms.by = by;
    catalog = std::make_shared<const Catalog>(
        *catalog, std::make_shared<const CatalogVersion>(
                      std::move(terms), std::vector<CatalogDocument>{},
                      std::vector<std::pair<PlanId, std::shared_ptr<const void>>>{}));
  };
  publish("", "first start");
  publish("kim", "spring");
  cluster.adopt(catalog);
  cluster.engine().script(kAuditPartition, {Step::kAborted, Step::kUnknownNotHappened});
  cluster.settle();
  EXPECT_EQ(records().size(), 2U);
  cluster.restart();  // with all versions, as a node does
  cluster.settle();
  publish("lee", "summer");
  cluster.adopt(catalog);
  cluster.restart();  // before anything of it was durable
  act("wagers/3", "1");
  cluster.settle();
  const auto all = records();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].target(), "catalog/1");
  EXPECT_EQ(all[0].reason(), "first start");
  EXPECT_EQ(all[1].action(), "catalog.publish");
  EXPECT_EQ(all[1].target(), "catalog/2");
  EXPECT_EQ(all[1].by(), "kim");
  EXPECT_EQ(all[1].reason(), "spring");
  EXPECT_EQ(all[2].target(), "catalog/3");
  EXPECT_EQ(all[2].by(), "lee");
  EXPECT_EQ(all[3].action(), "input.accept-loss");
  EXPECT_EQ(all[3].previous_hash(), all[2].hash());
}

TEST_F(PartitionAdmin, AnEndThatCannotBeReadStopsThePartitionInsteadOfBeginningAnotherChain) {
  cluster.put_row(kAuditPartition, Space::kStaged, "a", "no such row");
  cluster.restart();
  act("wagers/3", "1");
  cluster.step(kAuditPartition);
  EXPECT_TRUE(cluster.partition(kAuditPartition).failed());
  EXPECT_TRUE(records().empty());
}

}  // namespace
}  // namespace laurel::runtime
