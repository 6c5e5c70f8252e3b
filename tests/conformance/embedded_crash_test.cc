// Kills a committing process at every fail point and at any moment, then looks at what it left.
#include "conformance/crash_conformance.h"
#include "laurel/adapters/embedded/embedded_engine.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

class EmbeddedVictim {
 public:
  std::unique_ptr<runtime::Engine> open() {
    adapters::EmbeddedOptions options;
    options.data_dir = directory_ / "data";
    options.create = true;
    options.partitions = kVictimPartitions;
    auto engine = adapters::open_embedded(options);
    if (!engine.ok()) ADD_FAILURE() << engine.error().message;
    LAUREL_ASSERT(engine.ok());
    return std::move(*engine);
  }
  std::vector<std::string> victim_arguments() const { return {directory_ / "data"}; }

 private:
  TempDir directory_;
};

using EmbeddedCrashTest = CrashTest<EmbeddedVictim>;

TEST_F(EmbeddedCrashTest, AVictimThatNobodyKillsFinishes) {
  const Heard heard = run_victim("", 20);
  EXPECT_EQ(heard.exit_code, 0);
  EXPECT_EQ(heard.durable.size(), kVictimPartitions);
  check(heard);
}

TEST_F(EmbeddedCrashTest, KillsAtAnyMomentLoseNothingAcknowledged) {
  for (const int lines : {6, 25, 60, 110}) {
    const Heard heard = run_victim("", 1'000'000, lines);
    EXPECT_EQ(heard.exit_code, -1);
    check(heard);
  }
}

#if defined(LAUREL_FAILPOINTS) && LAUREL_FAILPOINTS

class EmbeddedFailpointTest : public EmbeddedCrashTest,
                              public ::testing::WithParamInterface<const char*> {};

TEST_P(EmbeddedFailpointTest, ACrashThereLeavesWholeAcknowledgedCommits) {
  const Heard heard = run_victim(GetParam(), 1000);
  EXPECT_EQ(heard.exit_code, kFailpointExit);
  check(heard);
  // ... and again, on what the first crash left.
  const Heard second = run_victim(GetParam(), 2000);
  EXPECT_EQ(second.exit_code, kFailpointExit);
  check(second);
}

INSTANTIATE_TEST_SUITE_P(
    Failpoints, EmbeddedFailpointTest,
    ::testing::Values("embedded.open.after_lock:1", "embedded.take_over.after_write:1",
                      "embedded.take_over.after_write:3", "embedded.commit.before_write:1",
                      "embedded.commit.before_write:9", "embedded.commit.after_write:1",
                      "embedded.commit.after_write:9", "embedded.commit.before_done:1",
                      "embedded.commit.before_done:9", "embedded.commit.between_done:1",
                      "embedded.commit.between_done:9"),
    test_name);

#endif

}  // namespace
}  // namespace laurel::testing
