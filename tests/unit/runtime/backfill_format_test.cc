// What a backfill stores: written by this version, and read by every later one (docs/formats).
#include <gtest/gtest.h>

#include "actors/player/player.h"
#include "laurel/contract/amount.h"
#include "support/golden.h"
#include "support/partition_cluster.h"
#include "support/program_catalog.h"

namespace laurel::runtime {
namespace {

using laurel::testing::golden;
using laurel::testing::hex;
using laurel::testing::PartitionCluster;

constexpr std::uint64_t kId = 258;
constexpr TimeUs kTime = 1'771'264'800'000'000;

struct BackfillFormat : ::testing::Test {
  PartitionCluster cluster{
      1, {actors::player::actor_type()}, laurel::testing::program_catalog(1, 1)};
  BackfillTerms terms{kId, "file.csv", 1, kTime + 5, false};

  void stage() {
    cluster.order({terms, BackfillState::kOpen});
    cluster.settle();
    contract::WagerSettled wager;
    wager.set_tx_id("t1");
    *wager.mutable_stake_total() = contract::make_amount(250, "EUR", 2);
    cluster.feed("p1", wager, kTime, kId);
    cluster.settle();
  }
  std::string row(const std::string& key) const {
    const auto& rows = cluster.disk().at(0)->rows;
    const auto at = rows.find({Space::kStaged, key});
    return at == rows.end() ? std::string() : at->second;
  }
};

TEST_F(BackfillFormat, KeysAreAsTheyWere) {
  EXPECT_EQ(hex(backfill_key(kId) + staged_key(kId, kTime, std::string(16, '\x07')) +
                staged_key(kId, -1, std::string(16, '\x07'))),
            hex(golden("staged-keys.hex")));
  EXPECT_LT(staged_key(1, -1, {}), staged_key(1, 0, {}));
  EXPECT_LT(staged_key(1, kAllTime, {}), staged_key(2, kNoTime, {}));
  EXPECT_EQ(time_of_staged_key(staged_key(1, -5, std::string(16, 'x'))), -5);
}

TEST_F(BackfillFormat, RowsAreAsTheyWere) {
  stage();
  EXPECT_EQ(hex(row(backfill_key(kId))), hex(golden("backfill.hex")));
  std::string staged;
  for (const auto& [key, value] : cluster.disk().at(0)->rows) {
    if (key.second.starts_with(staged_prefix(kId))) staged = value;
  }
  EXPECT_EQ(hex(staged), hex(golden("staged-event.hex")));
}

TEST_F(BackfillFormat, StoredOnesAreApplied) {
  cluster.put_row(0, Space::kStaged, backfill_key(kId), golden("backfill.hex"));
  cluster.put_row(0, Space::kStaged, staged_key(kId, kTime, std::string(16, '\x07')),
                  golden("staged-event.hex"));
  cluster.restart();
  cluster.order({terms, BackfillState::kClosed});
  cluster.settle();
  const auto all = cluster.gathered();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].terms.source, "file.csv");
  EXPECT_EQ(all[0].terms.opened_us, kTime + 5);
  EXPECT_EQ(all[0].counts.accepted, 1U);
  EXPECT_EQ(cluster.root<actors::player::PlayerState>("player", "p1").wagers(), 1U);
}

TEST_F(BackfillFormat, ARowThatCannotBeReadStopsThePartition) {
  cluster.put_row(0, Space::kStaged, backfill_key(kId), "\xff");
  cluster.restart();
  EXPECT_TRUE(cluster.partition(0).failed());
}

}  // namespace
}  // namespace laurel::runtime
