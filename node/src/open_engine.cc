#include "open_engine.h"

#include <fstream>
#include <string>
#include <utility>

#include "log.h"

namespace laurel::node {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

constexpr std::size_t kMiB = 1024 * 1024;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// As the clients of Kafka have it: NAME=VALUE, lines that begin with # are remarks.
Status read_properties(const std::string& path,
                       std::vector<std::pair<std::string, std::string>>& into) {
  std::ifstream file(path);
  if (!file) return Error{ErrorCode::kConfigInvalid, "kafka.client_file: cannot read " + path};
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string text = trimmed(line);
    if (text.empty() || text[0] == '#') continue;
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::kConfigInvalid,
                   path + ":" + std::to_string(number) + ": allowed: NAME=VALUE"};
    }
    into.emplace_back(trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1)));
  }
  return {};
}

Result<OpenEngine> embedded(const config::NodeOptions& options, const Node::Mode& mode) {
  adapters::EmbeddedOptions embedded;
  embedded.data_dir = options.data_dir;
  embedded.partitions = mode.read_only ? std::uint16_t{0} : options.partitions;
  embedded.create = !mode.read_only;
  embedded.read_only = mode.read_only;
  embedded.accept_missing_high_water = mode.accept_missing_high_water;
  embedded.commit_threads = options.commit.in_flight_max;
  embedded.store.cache_bytes = options.memory.cache_mb * kMiB;
  embedded.store.topic_bytes_max = options.topics.bytes_max_mb * kMiB;
  auto opened = adapters::open_embedded(embedded);
  if (!opened) return opened.error();
  const adapters::EmbeddedEngine* engine = opened->get();
  return OpenEngine{std::move(*opened), [engine] {
                      return EngineFigures{engine->stats(), std::nullopt};
                    }};
}

}  // namespace

Result<adapters::KafkaOptions> kafka_options(const config::NodeOptions& options) {
  adapters::KafkaOptions kafka;
  kafka.bootstrap = options.kafka.bootstrap;
  kafka.cluster = options.kafka.cluster;
  kafka.data_dir = options.data_dir;
  kafka.partitions = options.partitions;
  kafka.create = true;
  kafka.replicas = static_cast<std::int16_t>(options.kafka.replicas);
  kafka.transaction_timeout = options.kafka.transaction_timeout;
  kafka.commit_threads = options.commit.in_flight_max;
  kafka.store.cache_bytes = options.memory.cache_mb * kMiB;
  kafka.log = [](bool warning, std::string_view text) {
    log(warning ? kKafkaTrouble : kKafkaSays, {{"what", std::string(text)}});
  };
  if (!options.kafka.client_file.empty()) {
    if (Status status = read_properties(options.kafka.client_file, kafka.client); !status) {
      return status.error();
    }
  }
  return kafka;
}

namespace {

Result<OpenEngine> kafka(const config::NodeOptions& options) {
  auto with = kafka_options(options);
  if (!with) return with.error();
  auto opened = adapters::open_kafka(*with);
  if (!opened) return opened.error();
  const adapters::KafkaEngine* engine = opened->get();
  return OpenEngine{std::move(*opened), [engine] {
                      return EngineFigures{std::nullopt, engine->stats()};
                    }};
}

}  // namespace

Result<OpenEngine> open_engine(const config::NodeOptions& options, const Node::Mode& mode) {
  if (options.engine != "kafka") return embedded(options, mode);
  if (mode.read_only) {
    return Error{
        ErrorCode::kInvalidInput,
        "the snapshots of the engine kafka are read by their node alone: ask it, --server"};
  }
  return kafka(options);
}

}  // namespace laurel::node
