// What somebody does by hand: durable with its record in `audit`, once, in a chain.
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "actors/player/player.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/topics.h"
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
