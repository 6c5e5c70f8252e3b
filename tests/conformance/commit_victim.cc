// A process to be killed: commits to several partitions of an engine and says on stdout, one line
// each, what it took over ("epoch P E") and what was acknowledged to it ("durable P N").
//
// usage: commit_victim COMMITS DATA_DIR                     embedded
//        commit_victim COMMITS DATA_DIR BOOTSTRAP CLUSTER   kafka
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "laurel/adapters/embedded/embedded_engine.h"
#include "laurel/adapters/kafka/kafka_engine.h"
#include "laurel/runtime/topics.h"

namespace {

using laurel::runtime::Commit;
using laurel::runtime::CommitNumber;
using laurel::runtime::Epoch;
using laurel::runtime::Outcome;
using laurel::runtime::PartitionId;

constexpr std::uint16_t kPartitions = 4;

// At once and without a buffer: what was said before the process died counts.
void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
}

class Victim {
 public:
  Victim(laurel::runtime::Engine& engine, CommitNumber commits)
      : engine_(engine), commits_(commits) {}

  int run() {
    for (PartitionId partition = 0; partition < engine_.partitions(); ++partition) {
      const auto recovered = engine_.take_over(partition);
      if (!recovered.ok()) return 4;
      say("epoch " + std::to_string(partition) + " " + std::to_string(recovered->epoch) + "\n");
      start(partition, recovered->epoch, recovered->last_commit + 1);
    }
    std::unique_lock lock(mutex_);
    finished_changed_.wait(lock, [this] { return finished_ == engine_.partitions(); });
    return 0;
  }

 private:
  // Commit n of a partition is: row n is there, "last" is n, two records, the position is n.
  void start(PartitionId partition, Epoch epoch, CommitNumber number) {
    using laurel::runtime::Space;
    auto commit = std::make_shared<Commit>();
    const std::string n = std::to_string(number);
    commit->partition = partition;
    commit->epoch = epoch;
    commit->number = number;
    const std::string_view kept = commit->bytes.keep(n);
    commit->rows = {{Space::kState, "last", kept}, {Space::kJournal, kept, kept}};
    for (const char* half : {"a", "b"}) {
      commit->outputs.push_back(
          {laurel::runtime::kTopicLedger, kept, "test.half.v1", commit->bytes.keep(n + half), 1});
    }
    commit->positions = {{"input", n}};
    engine_.commit(commit, [this, partition, epoch, number](Outcome outcome) {
      if (outcome != Outcome::kDurable) std::_Exit(5);
      say("durable " + std::to_string(partition) + " " + std::to_string(number) + "\n");
      if (number < commits_) {
        start(partition, epoch, number + 1);
        return;
      }
      const std::lock_guard lock(mutex_);
      ++finished_;
      finished_changed_.notify_all();
    });
  }

  laurel::runtime::Engine& engine_;
  const CommitNumber commits_;
  std::mutex mutex_;
  std::condition_variable finished_changed_;
  unsigned finished_ = 0;
};

std::unique_ptr<laurel::runtime::Engine> opened(int argc, char** argv) {
  if (argc == 5) {
    laurel::adapters::KafkaOptions options;
    options.data_dir = argv[2];
    options.bootstrap = argv[3];
    options.cluster = argv[4];
    options.create = true;
    options.partitions = kPartitions;
    auto engine = laurel::adapters::open_kafka(options);
    if (engine.ok()) return std::move(*engine);
    std::fprintf(stderr, "%s\n", engine.error().message.c_str());
    return nullptr;
  }
  laurel::adapters::EmbeddedOptions options;
  options.data_dir = argv[2];
  options.create = true;
  options.partitions = kPartitions;
  options.commit_threads = 1;  // groups of several commits
  auto engine = laurel::adapters::open_embedded(options);
  if (engine.ok()) return std::move(*engine);
  std::fprintf(stderr, "%s\n", engine.error().message.c_str());
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) return 2;
  const auto engine = opened(argc, argv);
  if (engine == nullptr) return 6;
  const int result = Victim(*engine, std::strtoull(argv[1], nullptr, 10)).run();
  engine->close();
  return result;
}
