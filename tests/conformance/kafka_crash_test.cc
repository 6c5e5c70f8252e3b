// Kills a committing process at every fail point and at any moment, then looks at what it left: on
// a real broker, which has to end the transaction that the dead one left open.
#include "conformance/crash_conformance.h"
#include "conformance/kafka_fixture.h"

namespace laurel::testing {
namespace {

class KafkaVictim : public KafkaFixture {
 public:
  std::vector<std::string> victim_arguments() const {
    return {options().data_dir, options().bootstrap, options().cluster};
  }
};

using KafkaCrashTest = CrashTest<KafkaVictim>;

TEST_F(KafkaCrashTest, AVictimThatNobodyKillsFinishes) {
  const Heard heard = run_victim("", 20);
  EXPECT_EQ(heard.exit_code, 0);
  EXPECT_EQ(heard.durable.size(), kVictimPartitions);
  check(heard);
}

TEST_F(KafkaCrashTest, KillsAtAnyMomentLoseNothingAcknowledged) {
  for (const int lines : {6, 60}) {
    const Heard heard = run_victim("", 1'000'000, lines);
    EXPECT_EQ(heard.exit_code, -1);
    check(heard);
  }
}

#if defined(LAUREL_FAILPOINTS) && LAUREL_FAILPOINTS

class KafkaFailpointTest : public KafkaCrashTest,
                           public ::testing::WithParamInterface<const char*> {};

TEST_P(KafkaFailpointTest, ACrashThereLeavesWholeAcknowledgedCommits) {
  const Heard heard = run_victim(GetParam(), 1000);
  EXPECT_EQ(heard.exit_code, kFailpointExit);
  check(heard);
}

INSTANTIATE_TEST_SUITE_P(
    Failpoints, KafkaFailpointTest,
    ::testing::Values("kafka.open.after_fence:1", "kafka.take_over.after_fence:1",
                      "kafka.take_over.after_record:1", "kafka.take_over.after_record:3",
                      "kafka.commit.after_begin:9", "kafka.commit.after_produce:1",
                      "kafka.commit.after_produce:9", "kafka.commit.before_end:1",
                      "kafka.commit.before_end:9", "kafka.commit.after_end:1",
                      "kafka.commit.after_end:9", "kafka.commit.after_store:1",
                      "kafka.commit.after_store:9", "kafka.commit.before_done:9"),
    test_name);

#endif

}  // namespace
}  // namespace laurel::testing
