/// Kills a committing process (commit_victim.cc), then looks at what it left. For every engine.
///
/// An implementation gives a Fixture:
///     std::unique_ptr<runtime::Engine> open();          // with 4 partitions
///     std::vector<std::string> victim_arguments();      // behind the number of commits
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/engine_driver.h"

namespace laurel::testing {

inline constexpr std::uint16_t kVictimPartitions = 4;
inline constexpr int kFailpointExit = 137;

/// What a victim said before it died.
struct Heard {
  std::map<runtime::PartitionId, runtime::Epoch> epochs;
  std::map<runtime::PartitionId, runtime::CommitNumber> durable;
  int exit_code = -1;  ///< -1: killed by a signal
};

template <class Fixture>
class CrashTest : public ::testing::Test {
 protected:
  /// Runs a victim until it ends, or kills it once it has said that many lines.
  Heard run_victim(const std::string& failpoint, int commits, int lines_max = 1 << 30) {
    int pipe_ends[2];
    LAUREL_ASSERT(::pipe2(pipe_ends, O_CLOEXEC) == 0);
    std::vector<std::string> words = {LAUREL_COMMIT_VICTIM, std::to_string(commits)};
    for (std::string& word : fixture_.victim_arguments()) words.push_back(std::move(word));
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string armed = "LAUREL_FAILPOINT=" + failpoint;
    const pid_t victim = ::fork();
    LAUREL_ASSERT(victim >= 0);
    if (victim == 0) {
      ::dup2(pipe_ends[1], STDOUT_FILENO);
      if (!failpoint.empty()) ::putenv(const_cast<char*>(armed.c_str()));
      ::execv(LAUREL_COMMIT_VICTIM, arguments.data());
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
    const std::unique_ptr<runtime::Engine> engine = fixture_.open();
    for (runtime::PartitionId partition = 0; partition < kVictimPartitions; ++partition) {
      check_partition(*engine, partition, heard);
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

  Fixture fixture_;
};

/// A name of a test from that of a fail point.
inline std::string test_name(const ::testing::TestParamInfo<const char*>& test) {
  std::string name = test.param;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

}  // namespace laurel::testing
