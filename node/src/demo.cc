#include "demo.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "demo_boards.h"
#include "demo_screen.h"
#include "laurel/node/generator.h"
#include "laurel/node/node.h"
#include "signals.h"

namespace laurel::node {
namespace {

using Clock = std::chrono::steady_clock;

struct DemoArguments {
  std::string site = "config/examples/demo";
  std::string data;
  std::uint64_t seed = 1;
  std::uint32_t players = 5000;
  std::uint32_t rate = 5000;
  std::uint32_t seconds = 0;
  std::string kafka;  ///< brokers; empty: the embedded engine
};

std::int64_t wall_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Dated as they are played; another pace on the same directory has other ids.
GeneratorOptions wagers_of(const DemoArguments& arguments) {
  GeneratorOptions options;
  options.seed = arguments.seed;
  options.players = arguments.players;
  options.spacing_us = std::max<std::int64_t>(1, 1'000'000 / arguments.rate);
  options.prefix = std::to_string(options.spacing_us) + "-";
  options.voids_permille = 5;
  options.duplicates_permille = 5;
  return options;
}

// Plays wagers at a steady pace until told to stop. Its input has a limit: the node's credits.
class Player {
 public:
  Player(runtime::NodeApi& node, const DemoArguments& arguments)
      : node_(node),
        rate_(arguments.rate),
        wagers_(wagers_of(arguments)),
        generator_(wagers_),
        thread_([this] { play(); }) {}
  ~Player() {
    stop_ = true;
    thread_.join();
  }

 private:
  void play() {
    const auto start = Clock::now();
    // A new demo on an old directory plays on: dated from where the clock is, with ids of its own.
    std::uint64_t sent = 0;
    const auto base =
        static_cast<std::uint64_t>((wall_clock_us() - wagers_.first_time_us) / wagers_.spacing_us);
    while (!stop_) {
      const auto elapsed = std::chrono::duration<double>(Clock::now() - start).count();
      const auto due = static_cast<std::uint64_t>(elapsed * rate_);
      const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(due - sent, 1000));
      if (count > 0) {
        if (node_.submit(generator_.submission(base + sent, count), node_.cloud_events_decoder())) {
          sent += count;
          continue;
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  runtime::NodeApi& node_;
  const double rate_;
  const GeneratorOptions wagers_;
  Generator generator_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

constexpr const char* kHint =
    "  Ctrl-C ends it. In another terminal:  build/release/laurel player show p-0";

std::uint64_t lag_of(const runtime::NodeStatus& status) {
  std::uint64_t lag = 0;
  for (const auto& partition : status.partitions) lag += partition.queued_events;
  return lag;
}

void print_line(const runtime::NodeStatus& status, double rate) {
  std::printf("wagers/s %.0f  accepted %llu  committed p50 %.1f ms p99 %.1f ms  lag %llu\n", rate,
              static_cast<unsigned long long>(status.accepted), status.committed_ms_p50,
              status.committed_ms_p99, static_cast<unsigned long long>(lag_of(status)));
  std::fflush(stdout);
}

std::vector<std::string> table(const runtime::NodeStatus& status, double rate, std::uint16_t port,
                               const std::vector<std::string>& boards) {
  const auto number = [](std::uint64_t value) { return grouped(std::to_string(value)); };
  const auto p50 = status.committed_ms_p50, p99 = status.committed_ms_p99;
  std::vector<std::string> lines{
      fmt::format("  \x1b[1mLaurel\x1b[0m  {}   http://127.0.0.1:{}   {} partitions", status.state,
                  port, status.partitions.size()),
      "",
      fmt::format("  wagers/s {:>12}     committed p50  {:7.1f} ms", fmt::format("{:.0f}", rate),
                  p50),
      fmt::format("  accepted {:>12}     committed p99  {:7.1f} ms", number(status.accepted), p99),
      fmt::format("  commits  {:>12}     lag            {:>7} events", number(status.commits),
                  number(lag_of(status))),
      fmt::format("  rejected {:>12}     duplicates     {:>7}", number(status.rejected),
                  number(status.duplicates)),
      ""};
  lines.insert(lines.end(), boards.begin(), boards.end());
  return lines;
}

// Until Ctrl-C, the end of the time or a failure of the node, which is given back.
std::string watch(Node& node, const DemoArguments& arguments) {
  std::optional<Screen> screen;
  if (Screen::possible()) screen.emplace();
  runtime::NodeApi& api = node.api();
  DemoBoards boards(api);
  std::uint64_t before = 0;
  auto last = Clock::now();
  const auto start = last;
  while (!stop_signal_within_ms(1000)) {
    const auto now = Clock::now();
    const auto status = api.status();
    const double rate = static_cast<double>(status.accepted - before) /
                        std::chrono::duration<double>(now - last).count();
    if (screen) {
      screen->draw(table(status, rate, node.http_port(), boards.lines(wall_clock_us())), kHint);
    } else {
      print_line(status, rate);
    }
    if (!status.failure.empty()) return status.failure;
    before = status.accepted;
    last = now;
    if (arguments.seconds != 0 && now - start >= std::chrono::seconds(arguments.seconds)) break;
  }
  return {};
}

}  // namespace

int run_demo(int argc, char** argv) {
  CLI::App app{"A node of its own, wagers played into it, and a live table.", "laurel demo"};
  DemoArguments arguments;
  app.add_option("--site", arguments.site, "Folder with node.toml and catalog/")
      ->capture_default_str();
  app.add_option("--data", arguments.data, "Data directory; default: that of node.toml");
  app.add_option("--seed", arguments.seed, "Seed of the wagers")->capture_default_str();
  app.add_option("--players", arguments.players, "Players, Zipf 0.99")
      ->capture_default_str()
      ->check(CLI::Range(10U, 10'000'000U));
  app.add_option("--rate", arguments.rate, "Wagers per second")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000'000U));
  app.add_option("--seconds", arguments.seconds, "Stop after so long; 0: at Ctrl-C")
      ->capture_default_str();
  app.add_option("--kafka", arguments.kafka,
                 "Brokers, HOST:PORT,...: the engine kafka, cluster `demo`; `./dev run --kafka` "
                 "starts one");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  auto options = config::load_node_options(arguments.site + "/node.toml");
  if (!options) {
    std::fprintf(stderr, "laurel demo: %s\n", options.error().message.c_str());
    return 1;
  }
  if (!arguments.data.empty()) options->data_dir = arguments.data;
  if (!arguments.kafka.empty()) {
    options->engine = "kafka";
    options->kafka.bootstrap = arguments.kafka;
    options->kafka.cluster = "demo";
    // Few partitions and larger commits: a transaction costs the same whatever is in it.
    options->partitions = 4;
    options->commit.in_flight_max = 4;
    options->commit.interval_min = std::chrono::milliseconds(20);
    if (arguments.data.empty()) options->data_dir += "-kafka";
  }
  options->log_level = "warn";  // the table has the terminal
  auto node = Node::start(*options, {});
  if (!node) {
    std::fprintf(stderr, "laurel demo: %s\n", node.error().message.c_str());
    return 1;
  }
  std::string failure;
  {
    const Player player((*node)->api(), arguments);
    failure = watch(**node, arguments);
  }
  (*node)->stop();
  if (!failure.empty()) {
    std::fprintf(stderr, "laurel demo: the node failed: %s\n", failure.c_str());
    return 1;
  }
  if (!arguments.kafka.empty()) {
    std::printf(
        "\nStopped; everything played is in Kafka, in the topics demo.*: ./dev kafka topics\n");
    return 0;
  }
  const char* data = options->data_dir.c_str();
  std::printf(
      "\nStopped; everything played is in %s and can still be read:\n"
      "  build/release/laurel player show p-0 --data %s\n",
      data, data);
  return 0;
}

}  // namespace laurel::node
