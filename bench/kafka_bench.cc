// ./dev bench kafka: one node on a real broker, the broker on the same cores. Wagers are in a topic
// before the node starts: wagers/s from earliest to caught up, CPU of both; then wagers at a pace:
// from appended until its ledger entry is seen by a consumer that reads committed records only.
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "laurel/contract/outputs.pb.h"
#include "laurel/node/generator.h"
#include "laurel/node/node.h"

namespace {

using namespace laurel;  // NOLINT(google-build-using-namespace)
using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_kafka: %s\n", what.c_str());
  std::exit(1);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double cpu_of(const std::string& stat_path) {
  std::ifstream file(stat_path);
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  std::istringstream rest(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  std::string field;
  for (int i = 3; i < 14; ++i) rest >> field;
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// CPU seconds of this process by kind of thread.
std::map<std::string, double> cpu_by_thread() {
  std::map<std::string, double> out;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream name_file(task.path() / "comm");
    std::string name;
    std::getline(name_file, name);
    std::string kind = "other (reading inputs)";
    if (name.starts_with("caf.")) kind = "decoding, turns (CAF)";
    if (name.starts_with("laurel-commit")) kind = "commits: encode, snapshots";
    if (name.starts_with("rocksdb")) kind = "flush and compaction";
    if (name.starts_with("rdk:")) kind = "Kafka client";
    out[kind] += cpu_of((task.path() / "stat").string());
  }
  return out;
}

/// A broker in a folder of its own, by tools/kafka.py, or the one that runs in `folder` already.
class Broker {
 public:
  Broker(std::string folder, bool own) : folder_(std::move(folder)), own_(own) {
    if (own_) run("start --bench > /dev/null");
    std::ifstream file(folder_ + "/kafka.json");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto value = [&](const std::string& name) {
      const auto at = text.find(name);
      if (at == std::string::npos) fail("no " + name + " in kafka.json");
      return text.substr(at + name.size());
    };
    const std::string address = value("\"bootstrap\": \"");
    bootstrap_ = address.substr(0, address.find('"'));
    pid_ = std::strtol(value("\"pid\": ").c_str(), nullptr, 10);
  }
  ~Broker() {
    if (own_) run("stop --remove");
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  const std::string& bootstrap() const { return bootstrap_; }
  double cpu() const { return cpu_of("/proc/" + std::to_string(pid_) + "/stat"); }
  void run(const std::string& arguments) const {
    const std::string verb = arguments.substr(0, arguments.find(' '));
    const std::string rest = arguments.substr(verb.size());
    const std::string command = "python3 -B tools/kafka.py " + verb + " --dir " + folder_ + rest;
    if (std::system(command.c_str()) != 0) fail(command);  // NOLINT(concurrency-mt-unsafe)
  }

 private:
  const std::string folder_;
  const bool own_;
  std::string bootstrap_;
  long pid_ = 0;
};

rd_kafka_t* client(rd_kafka_type_t type, const std::string& bootstrap,
                   const std::vector<std::pair<std::string, std::string>>& settings) {
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), why, sizeof why);
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      fail(why);
    }
  }
  rd_kafka_t* out = rd_kafka_new(type, conf, why, sizeof why);
  if (out == nullptr) fail(why);
  return out;
}

class Writer {
 public:
  Writer(const std::string& bootstrap, std::string topic)
      : topic_(std::move(topic)),
        client_(client(RD_KAFKA_PRODUCER, bootstrap,
                       {{"enable.idempotence", "true"},
                        {"linger.ms", "2"},
                        {"queue.buffering.max.messages", "1000000"},
                        {"compression.codec", "lz4"}})),
        handle_(rd_kafka_topic_new(client_, topic_.c_str(), nullptr)) {
    // What is first written to an unknown topic waits a second for it.
    const struct rd_kafka_metadata* metadata = nullptr;
    if (rd_kafka_metadata(client_, 0, handle_, &metadata, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
    }
  }
  ~Writer() {
    flush();
    rd_kafka_topic_destroy(handle_);
    rd_kafka_destroy(client_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void write(const runtime::Submission& submission) {
    for (const runtime::RawRecord& record : submission.records) {
      const std::string_view key = member(record.bytes, "\"subject\":\"");
      while (rd_kafka_produce(handle_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                              const_cast<char*>(record.bytes.data()), record.bytes.size(),
                              key.data(), key.size(), nullptr) != 0) {
        rd_kafka_poll(client_, 10);
      }
    }
    rd_kafka_poll(client_, 0);
  }
  void flush() { rd_kafka_flush(client_, 60'000); }
  static std::string_view member(std::string_view json, std::string_view name) {
    const auto at = json.find(name);
    if (at == std::string_view::npos) return {};
    json.remove_prefix(at + name.size());
    return json.substr(0, json.find('"'));
  }

 private:
  const std::string topic_;
  rd_kafka_t* const client_;
  rd_kafka_topic_t* const handle_;
};

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

/// Sees ledger entries as everybody else does, and when.
class Watcher {
 public:
  Watcher(const std::string& bootstrap, const std::string& topic, int partitions)
      : client_(client(RD_KAFKA_CONSUMER, bootstrap,
                       {{"group.id", "bench"},
                        {"isolation.level", "read_committed"},
                        {"enable.auto.commit", "false"},
                        {"fetch.wait.max.ms", "5"}})) {
    rd_kafka_poll_set_consumer(client_);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_END;
    }
    rd_kafka_assign(client_, list);
    rd_kafka_topic_partition_list_destroy(list);
    thread_ = std::thread([this] { watch(); });
  }
  ~Watcher() {
    stop_ = true;
    thread_.join();
    rd_kafka_consumer_close(client_);
    rd_kafka_destroy(client_);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  void sent(const runtime::Submission& submission) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    for (const runtime::RawRecord& record : submission.records) {
      open_.emplace(Writer::member(record.bytes, "\"id\":\""), now);
    }
  }
  std::size_t open() {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }
  std::vector<double> took_ms() {
    const std::lock_guard lock(mutex_);
    return took_ms_;
  }

 private:
  void watch() {
    contract::PointsPosted posted;
    while (!stop_) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(client_, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
          posted.ParseFromArray(message->payload, static_cast<int>(message->len))) {
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        if (const auto found = open_.find(posted.cause_event()); found != open_.end()) {
          took_ms_.push_back(
              std::chrono::duration<double, std::milli>(now - found->second).count());
          open_.erase(found);
        }
      }
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_t* const client_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::unordered_map<std::string, Clock::time_point> open_;
  std::vector<double> took_ms_;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Wagers per second and latency of one node on a real broker on the same cores."};
  std::uint64_t wagers = 1'000'000;
  std::uint32_t players = 1'000'000, pace_seconds = 10;
  int partitions = 8;
  std::string site = "bench/site", more;
  std::vector<std::uint32_t> paces = {2'000, 5'000, 10'000};
  app.add_option("--wagers", wagers)->capture_default_str();
  app.add_option("--players", players)->capture_default_str();
  app.add_option("--partitions", partitions, "Of the input topic")->capture_default_str();
  std::uint16_t own_partitions = 0, in_flight = 0;
  std::uint32_t interval_ms = 0;
  app.add_option("--own-partitions", own_partitions, "Of the node; default: as configured");
  app.add_option("--in-flight", in_flight, "Commits at a time; default: as configured");
  app.add_option("--interval-ms", interval_ms, "Between commits of a partition, at least");
  app.add_option("--pace", paces, "Wagers per second of the latency runs")->capture_default_str();
  app.add_option("--pace-seconds", pace_seconds, "0: no latency runs")->capture_default_str();
  std::string broker_folder;
  app.add_option(
      "--broker", broker_folder,
      "Folder of one that runs (tools/kafka.py start --bench --dir): it has compiled what "
      "it runs, which takes a new one its first millions");
  app.add_option("--site", site, "Tiers, ten boards, position changes")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  auto options = config::load_node_options(site + "/node.toml");
  if (!options) fail(options.error().message);
  std::string folder = "bench-data-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) fail("no folder");
  {
    const bool own = broker_folder.empty();
    const Broker broker(own ? folder + "/kafka" : broker_folder, own);
    const std::string cluster = own ? "bench" : folder;
    const std::string topic = cluster + ".wagers";
    broker.run("topics --create --topic " + topic + " --partitions " + std::to_string(partitions) +
               " > /dev/null 2>&1");
    const node::Generator generator({.seed = 7, .players = players});
    {
      const auto start = Clock::now();
      Writer writer(broker.bootstrap(), topic);
      for (std::uint64_t from = 0; from < wagers; from += 1000) {
        writer.write(*generator.submission(from, 1000));
      }
      writer.flush();
      std::printf("written      %llu wagers in %.1f s\n", static_cast<unsigned long long>(wagers),
                  std::chrono::duration<double>(Clock::now() - start).count());
    }
    options->data_dir = folder + "/data";
    options->log_level = "warn";
    options->engine = "kafka";
    options->kafka.bootstrap = broker.bootstrap();
    options->kafka.cluster = cluster;
    options->inputs = {{.topic = topic}};
    if (own_partitions != 0) options->partitions = own_partitions;
    if (in_flight != 0) options->commit.in_flight_max = in_flight;
    if (interval_ms != 0) options->commit.interval_min = std::chrono::milliseconds(interval_ms);
    double cpu = cpu_seconds(), broker_cpu = broker.cpu();
    auto by_thread = cpu_by_thread();
    const auto start = Clock::now();
    auto node = node::Node::start(*options, {.read_only = false, .http = false});
    if (!node) fail(node.error().message);
    const double up = std::chrono::duration<double>(Clock::now() - start).count();
    runtime::NodeStatus status;
    do {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      status = (*node)->api().status();
      if (!status.failure.empty()) fail(status.failure);
    } while (status.accepted + status.rejected < wagers);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count() - up;
    cpu = cpu_seconds() - cpu;
    broker_cpu = broker.cpu() - broker_cpu;
    const double millions = static_cast<double>(status.accepted) / 1e6;
    std::printf("started      in %.2f s\n", up);
    std::printf(
        "throughput   %llu accepted in %.2f s: %.0f wagers/s, %.2f CPU s per million (node %.2f, "
        "broker %.2f)\n",
        static_cast<unsigned long long>(status.accepted), seconds, millions * 1e6 / seconds,
        (cpu + broker_cpu) / millions, cpu / millions, broker_cpu / millions);
    for (const auto& [kind, seconds_then] : cpu_by_thread()) {
      const double used = seconds_then - by_thread[kind];
      std::printf("  %-34s %6.2f CPU s per million\n", kind.c_str(), used / millions);
    }
    std::printf("  %llu commits, %.0f wagers each\n",
                static_cast<unsigned long long>(status.commits),
                static_cast<double>(status.accepted) / static_cast<double>(status.commits));
    std::uint64_t next = wagers;
    for (const std::uint32_t pace : pace_seconds == 0 ? std::vector<std::uint32_t>() : paces) {
      Writer writer(broker.bootstrap(), topic);
      Watcher watcher(broker.bootstrap(), cluster + ".ledger", options->partitions);
      std::this_thread::sleep_for(std::chrono::seconds(1));  // it stands at the end
      constexpr std::uint32_t kSlices = 250;                 // per second
      const auto begun = Clock::now();
      for (std::uint32_t i = 0; i < pace_seconds * kSlices; ++i) {
        std::this_thread::sleep_until(begun +
                                      std::chrono::microseconds(1'000'000ULL * i / kSlices));
        const auto submission = generator.submission(next, pace / kSlices);
        next += pace / kSlices;
        watcher.sent(*submission);
        writer.write(*submission);
      }
      for (int i = 0; i < 500 && watcher.open() > pace / 20; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      std::vector<double> took = watcher.took_ms();
      std::printf(
          "latency      at %u wagers/s, appended to visible: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f "
          "ms (%zu seen)\n",
          pace, quantile(took, 0.5), quantile(took, 0.99), quantile(took, 0.999), took.size());
    }
    (*node)->stop();
    if (!own) broker.run("topics --delete --topic '" + cluster + "[.].*' > /dev/null 2>&1");
  }
  std::filesystem::remove_all(folder);
  return 0;
}
