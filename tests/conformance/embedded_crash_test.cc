// Kills a committing process at every fail point and at any moment, then looks at what it left.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include "conformance/engine_driver.h"
#include "laurel/adapters/embedded/embedded_engine.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

constexpr std::uint16_t kPartitions = 4;
constexpr int kFailpointExit = 137;

/// What a victim said before it died.
struct Heard {
  std::map<runtime::PartitionId, runtime::Epoch> epochs;
  std::map<runtime::PartitionId, runtime::CommitNumber> durable;
  int exit_code = -1;  ///< -1: killed by a signal
};

class EmbeddedCrashTest : public ::testing::Test {
 protected:
  /// Runs a victim until it ends, or kills it once it has said that many lines.
  Heard run_victim(const std::string& failpoint, int commits, int lines_max = 1 << 30) {
    int pipe_ends[2];
    LAUREL_ASSERT(::pipe2(pipe_ends, O_CLOEXEC) == 0);
    const std::string data_dir = directory_ / "data";
    const std::string count = std::to_string(commits);
    const std::string armed = "LAUREL_FAILPOINT=" + failpoint;
    const pid_t victim = ::fork();
    LAUREL_ASSERT(victim >= 0);
    if (victim == 0) {
      ::dup2(pipe_ends[1], STDOUT_FILENO);
      const char* const arguments[] = {LAUREL_COMMIT_VICTIM, data_dir.c_str(), count.c_str(),
                                       nullptr};
      if (!failpoint.empty()) ::putenv(const_cast<char*>(armed.c_str()));
      ::execv(LAUREL_COMMIT_VICTIM, const_cast<char* const*>(arguments));
      ::_exit(127);
    }
    ::close(pipe_ends[1]);
    std::string text;
    char buffer[4096];
    int lines = 0;
    bool killed = false;
    for (ssize_t n = 0; (n = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
      for (ssize_t i = 0; i < n; ++i) lines += buffer[i] == '\n' ? 1 : 0;
      text.append(buffer, static_cast<std::size_t>(n));
      if (lines >= lines_max && !killed) killed = ::kill(victim, SIGKILL) == 0;
    }
    ::close(pipe_ends[0]);
    int status = 0;
    LAUREL_ASSERT(::waitpid(victim, &status, 0) == victim);
    return parse(text, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }

  static Heard parse(const std::string& text, int exit_code) {
    Heard heard;
    heard.exit_code = exit_code;
    std::istringstream lines(text);
    std::string what;
    runtime::PartitionId partition = 0;
    std::uint64_t number = 0;
    while (lines >> what >> partition >> number) {
      (what == "epoch" ? heard.epochs : heard.durable)[partition] = number;
    }
    return heard;
  }

  /// What every crash must leave: whole commits without a gap, all that was acknowledged among
  /// them.
  void check(const Heard& heard) {
    adapters::EmbeddedOptions options;
    options.data_dir = directory_ / "data";
    options.create = true;
    options.partitions = kPartitions;
    auto engine = adapters::open_embedded(options);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    for (runtime::PartitionId partition = 0; partition < kPartitions; ++partition) {
      check_partition(**engine, partition, heard);
    }
  }

  static void check_partition(runtime::Engine& engine, runtime::PartitionId partition,
                              const Heard& heard) {
    EngineDriver owner(engine, partition);
    const runtime::Recovered recovered = owner.take_over();
    const runtime::CommitNumber last = recovered.last_commit;
    const auto acknowledged = heard.durable.find(partition);
    if (acknowledged != heard.durable.end()) {
      EXPECT_GE(last, acknowledged->second);
      EXPECT_LE(last, acknowledged->second + 1);
    }
    const auto epoch = heard.epochs.find(partition);
    if (epoch != heard.epochs.end()) {
      EXPECT_GT(recovered.epoch, epoch->second);
    }
    EXPECT_EQ(owner.get("last").value_or("0"), std::to_string(last));
    std::map<std::string, std::string> positions;
    if (last > 0) positions["input"] = std::to_string(last);
    EXPECT_EQ(recovered.positions, positions);

    std::uint64_t rows = 0;
    const auto view = engine.view(partition);
    ASSERT_TRUE(view.ok());
    EXPECT_TRUE((*view)
                    ->scan(runtime::Space::kJournal, "", "",
                           [&](std::string_view, std::string_view) { return ++rows > 0; })
                    .ok());
    EXPECT_EQ(rows, last);
    EXPECT_EQ((*view)->commit(), last);

    const auto bounds = engine.topic_bounds(runtime::kTopicLedger, partition);
    ASSERT_TRUE(bounds.ok());
    EXPECT_EQ(*bounds, std::pair(std::uint64_t{0}, 2 * last));
    const std::vector<std::string> records = owner.topic(runtime::kTopicLedger);
    ASSERT_EQ(records.size(), 2 * last);
    for (std::uint64_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(records[i], std::to_string(i / 2 + 1) + (i % 2 == 0 ? "a" : "b"));
    }
  }

  TempDir directory_;
};

TEST_F(EmbeddedCrashTest, AVictimThatNobodyKillsFinishes) {
  const Heard heard = run_victim("", 20);
  EXPECT_EQ(heard.exit_code, 0);
  EXPECT_EQ(heard.durable.size(), kPartitions);
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
    [](const auto& test) {
      std::string name = test.param;
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name;
    });

#endif

}  // namespace
}  // namespace laurel::testing
