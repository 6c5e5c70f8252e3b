// ./dev bench ranked: update + rank (a random member gets a new score, then its rank is asked),
// with a commit every 2,000 updates, beside what users would pick instead: all in one run, one
// after the other in each round, the median of the rounds.
#include <jemalloc/jemalloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <random>

#include "ranked_contender.h"

namespace laurel::bench {

std::size_t allocated_bytes() {
  std::uint64_t epoch = 1;
  std::size_t bytes = 0;
  std::size_t length = sizeof(epoch);
  mallctl("epoch", &epoch, &length, &epoch, length);
  length = sizeof(bytes);
  mallctl("stats.allocated", &bytes, &length, nullptr, 0);
  return bytes;
}

double Contender::cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::vector<std::size_t> members = {100'000, 1'000'000, 10'000'000};
  std::vector<std::string> only;
  std::size_t updates = 200'000;
  unsigned rounds = 5;
};

constexpr std::int64_t kScoreMax = (std::int64_t{1} << 50U) - 1;

std::int64_t any_score(std::mt19937_64& random) {
  return static_cast<std::int64_t>(random()) & kScoreMax;
}

Members make_members(std::size_t count, std::mt19937_64& random) {
  Members out;
  for (std::size_t i = 0; i < count; ++i) {
    MemberId id;
    // A token: half of it random, half a number, so that no two are equal.
    const std::uint64_t words[] = {random(), i * 0x9E3779B97F4A7C15U};
    std::memcpy(id.data(), words, id.size());
    out.list.push_back({id, random(), any_score(random)});
  }
  return out;
}

struct Line {
  std::unique_ptr<Contender> contender;
  std::vector<double> rates;      // M/s
  std::vector<double> cpu_rates;  // M/s of CPU: what a busy machine disturbs less
  double load_seconds = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<Line> contenders(const Options& options) {
  std::vector<Line> out;
  const auto add = [&](const char* word, auto make) {
    const auto& only = options.only;
    if (only.empty() || std::find(only.begin(), only.end(), word) != only.end()) {
      out.push_back({make(), {}, {}, 0});
    }
  };
  add("laurel", [] { return make_laurel(LaurelMode::kBatch); });
  add("asked", [] { return make_laurel(LaurelMode::kAsked); });
  add("row", [] { return make_laurel(LaurelMode::kRowAtHand); });
  add("single", [] { return make_laurel(LaurelMode::kOneByOne); });
  add("boost", make_multi_index);
  add("pb_ds", make_pb_ds);
  add("redis", make_redis);
  return out;
}

// All hold the same at the end, or the figures mean nothing.
bool agree(std::vector<Line>& lines, std::size_t members, std::mt19937_64& random) {
  for (int i = 0; i < 1000; ++i) {
    const auto member = static_cast<std::uint32_t>(random() % members);
    const std::uint64_t rank = lines[0].contender->rank(member);
    for (Line& line : lines) {
      if (line.contender->rank(member) == rank) continue;
      std::fprintf(stderr, "%s ranks member %u differently\n", line.contender->name().c_str(),
                   member);
      return false;
    }
  }
  return true;
}

void print(std::vector<Line>& lines, std::size_t count) {
  double redis = 0;
  double redis_cpu = 0;
  for (const Line& line : lines) {
    if (!line.contender->name().starts_with("Redis")) continue;
    redis = median(line.rates);
    redis_cpu = median(line.cpu_rates);
  }
  std::printf("%-30s %12s %7s %12s %7s %9s %7s\n", "", "update+rank", "x Redis", "per CPU s",
              "x Redis", "B/member", "load s");
  for (const Line& line : lines) {
    const double rate = median(line.rates);
    const double cpu = median(line.cpu_rates);
    std::printf("%-30s %8.3f M/s %7.1f %8.3f M/s %7.1f %9.1f %7.2f\n",
                line.contender->name().c_str(), rate, redis > 0 ? rate / redis : 0.0, cpu,
                redis_cpu > 0 ? cpu / redis_cpu : 0.0,
                static_cast<double>(line.contender->bytes()) / static_cast<double>(count),
                line.load_seconds);
  }
  std::fflush(stdout);
}

bool measure(const Options& options, std::size_t count) {
  std::mt19937_64 random(count);
  const Members members = make_members(count, random);
  std::vector<Line> lines = contenders(options);
  for (Line& line : lines) {
    const auto begin = Clock::now();
    line.contender->load(members);
    line.load_seconds = seconds_since(begin);
  }
  std::uint64_t sum = 0;
  // One round more, not counted: it brings a packed table to the shape it has under load.
  for (unsigned round = 0; round <= options.rounds; ++round) {
    std::vector<Update> updates(options.updates);
    for (Update& update : updates) {
      update = {static_cast<std::uint32_t>(random() % count), any_score(random)};
    }
    for (Line& line : lines) {
      const double cpu_begin = line.contender->cpu_seconds();
      const auto begin = Clock::now();
      sum += line.contender->run(updates);
      const double seconds = seconds_since(begin);
      const double cpu = line.contender->cpu_seconds() - cpu_begin;
      if (round == 0) continue;
      line.rates.push_back(static_cast<double>(updates.size()) / seconds / 1e6);
      line.cpu_rates.push_back(static_cast<double>(updates.size()) / cpu / 1e6);
    }
  }
  if (!agree(lines, count, random)) return false;
  std::printf("\n%zu members, %zu updates a round, %u rounds (sum of ranks %llu)\n", count,
              options.updates, options.rounds, static_cast<unsigned long long>(sum));
  print(lines, count);
  return true;
}

}  // namespace
}  // namespace laurel::bench

int main(int argc, char** argv) {
  laurel::bench::Options options;
  CLI::App app("Update + rank on one board, beside Boost.MultiIndex, pb_ds and Redis");
  app.add_option("--members", options.members, "sizes of the board")->delimiter(',');
  app.add_option("--updates", options.updates, "updates per round");
  app.add_option("--rounds", options.rounds, "rounds, of which the median is shown");
  app.add_option("--only", options.only, "laurel, asked, row, single, boost, pb_ds, redis")
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  try {
    for (const std::size_t count : options.members) {
      if (!laurel::bench::measure(options, count)) return 1;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench ranked: %s\n", error.what());
    return 1;
  }
  return 0;
}
