// ./dev bench embedded: one node, everything on (decoding, dedup, journal, ledger, outputs, fsync),
// the generator in the same process. Prints wagers/s, CPU per million, and the latency at a pace;
// bench/profile.py adds where the time goes.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "laurel/node/generator.h"
#include "laurel/node/node.h"

namespace {

using namespace laurel;  // NOLINT(google-build-using-namespace)
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// CPU seconds by kind of thread: what a profile begins with.
std::map<std::string, double> cpu_by_thread() {
  std::map<std::string, double> out;
  const auto self = std::to_string(getpid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream name_file(task.path() / "comm");
    std::ifstream stat_file(task.path() / "stat");
    std::string name, stat;
    std::getline(name_file, name);
    std::getline(stat_file, stat);
    // Fields 14 and 15, counted after the name in brackets.
    std::istringstream rest(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::string field;
    for (int i = 3; i < 14; ++i) rest >> field;
    double user = 0, system = 0;
    rest >> user >> system;
    std::string kind = "decoding, turns (CAF)";
    if (task.path().filename() == self) kind = "generator";
    if (name.starts_with("laurel-commit")) kind = "commits: encode, log, memtables";
    if (name.starts_with("rocksdb")) kind = "flush and compaction";
    out[kind] += (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  return out;
}

// Hands submissions to the node and waits while it has no credit: an open pipe, not a queue.
class Feeder {
 public:
  explicit Feeder(runtime::NodeApi& node, unsigned open_max) : node_(node), open_max_(open_max) {}

  void feed(std::shared_ptr<runtime::Submission> submission, std::vector<double>* took_ms) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return open_ < open_max_; });
      ++open_;
    }
    const auto start = Clock::now();
    submission->done = [this, start, took_ms](runtime::Submission& done) {
      const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      const std::lock_guard lock(mutex_);
      for (const auto& result : done.results) {
        accepted_ += result.status == runtime::EventStatus::kAccepted ? 1 : 0;
      }
      if (took_ms != nullptr) took_ms->push_back(ms);
      --open_;
      changed_.notify_all();
    };
    while (!node_.submit(submission, node_.cloud_events_decoder())) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  std::uint64_t finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ == 0; });
    return accepted_;
  }

 private:
  runtime::NodeApi& node_;
  const unsigned open_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned open_ = 0;
  std::uint64_t accepted_ = 0;
};

// What was committed since `before`.
void print_commits(const runtime::NodeStatus& before, const runtime::NodeStatus& now) {
  const auto commits = now.commits - before.commits;
  std::printf("  %llu commits, %.0f wagers each\n", static_cast<unsigned long long>(commits),
              static_cast<double>(now.accepted - before.accepted) /
                  static_cast<double>(std::max<std::uint64_t>(commits, 1)));
}

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Wagers per second and latency of one embedded node, all work included."};
  std::uint64_t wagers = 2'000'000;
  std::uint32_t players = 1'000'000, batch = 1000, pace = 10'000, pace_seconds = 10, rest = 5;
  unsigned open = 64;
  std::string site = "bench/site", data;
  app.add_option("--wagers", wagers)->capture_default_str();
  app.add_option("--players", players)->capture_default_str();
  app.add_option("--batch", batch, "Wagers per submission")->capture_default_str();
  app.add_option("--open", open, "Submissions under way")->capture_default_str();
  app.add_option("--pace", pace, "Wagers per second of the latency run")->capture_default_str();
  // The last one counts: the profile repeats the arguments and adds its own.
  app.add_option("--pace-seconds", pace_seconds, "0: no latency run")
      ->capture_default_str()
      ->take_last();
  app.add_option("--rest", rest, "Seconds before the latency run: the flood's merges end")
      ->capture_default_str();
  app.add_option("--site", site, "Tiers, ten boards, position changes")->capture_default_str();
  app.add_option("--data", data, "Empty directory; default: a new one, removed afterwards")
      ->take_last();
  CLI11_PARSE(app, argc, argv);

  auto options = config::load_node_options(site + "/node.toml");
  if (!options) {
    std::fprintf(stderr, "%s\n", options.error().message.c_str());
    return 1;
  }
  const bool own = data.empty();
  if (own) {
    std::string name = "bench-data-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return 1;
    data = name;
  }
  options->data_dir = data;
  options->log_level = "warn";
  auto node = node::Node::start(*options, {.read_only = false, .http = false});
  if (!node) {
    std::fprintf(stderr, "%s\n", node.error().message.c_str());
    return 1;
  }
  const node::Generator generator({.seed = 7, .players = players});
  Feeder feeder((*node)->api(), open);
  auto status = (*node)->api().status();
  double cpu = cpu_seconds();
  auto by_thread = cpu_by_thread();
  auto start = Clock::now();
  for (std::uint64_t from = 0; from < wagers; from += batch) {
    feeder.feed(generator.submission(from, batch), nullptr);
  }
  std::uint64_t accepted = feeder.finish();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  cpu = cpu_seconds() - cpu;
  const auto millions = static_cast<double>(accepted) / 1e6;
  std::printf("throughput   %llu accepted in %.2f s: %.0f wagers/s, %.2f CPU s per million\n",
              static_cast<unsigned long long>(accepted), seconds, millions * 1e6 / seconds,
              cpu / millions);
  for (const auto& [kind, seconds_then] : cpu_by_thread()) {
    const double used = seconds_then - by_thread[kind];
    std::printf("  %-34s %6.2f CPU s per million, %3.0f %%\n", kind.c_str(), used / millions,
                100 * used / cpu);
  }

  print_commits(status, (*node)->api().status());
  status = (*node)->api().status();

  if (pace_seconds > 0) {
    // What the flood left to merge is no part of a steady pace.
    std::this_thread::sleep_for(std::chrono::seconds(rest));
    std::vector<double> took_ms;
    took_ms.reserve(std::size_t{pace_seconds} * 1000);
    start = Clock::now();
    constexpr std::uint32_t kSlices = 500;  // submissions per second
    for (std::uint32_t i = 0; i < pace_seconds * kSlices; ++i) {
      std::this_thread::sleep_until(start + std::chrono::microseconds(1'000'000ULL * i / kSlices));
      feeder.feed(
          generator.submission(wagers + std::uint64_t{i} * (pace / kSlices), pace / kSlices),
          &took_ms);
    }
    (void)feeder.finish();
    std::printf(
        "latency      at %u wagers/s, %u s after it, received to committed: p50 %.2f ms, p99 %.2f "
        "ms\n",
        pace, rest, quantile(took_ms, 0.5), quantile(took_ms, 0.99));
    print_commits(status, (*node)->api().status());
  }
  (*node)->stop();
  node->reset();
  if (own) std::filesystem::remove_all(data);
  return 0;
}
