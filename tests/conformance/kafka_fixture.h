/// A Kafka engine on the broker that the test was started beside: LAUREL_KAFKA, as `host:port`, or
/// the file LAUREL_KAFKA_FILE that tools/kafka.py keeps.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "laurel/adapters/kafka/kafka_engine.h"
#include "support/temp_dir.h"

namespace laurel::testing {

/// Empty: there is none.
inline std::string kafka_bootstrap() {
  if (const char* address = std::getenv("LAUREL_KAFKA"); address != nullptr) return address;
  const char* path = std::getenv("LAUREL_KAFKA_FILE");
  if (path == nullptr) return {};
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::string name = "\"bootstrap\": \"";
  const auto at = text.find(name);
  if (at == std::string::npos) return {};
  return text.substr(at + name.size(), text.find('"', at + name.size()) - at - name.size());
}

/// A cluster of its own for each fixture, as long as the broker keeps it.
class KafkaFixture {
 public:
  adapters::KafkaOptions options() const {
    adapters::KafkaOptions options;
    options.bootstrap = kafka_bootstrap();
    options.cluster = cluster_;
    options.data_dir = directory_ / "data";
    options.partitions = 4;
    options.create = true;
    options.store.cache_bytes = std::size_t{32} << 20;
    options.store.memtable_bytes = std::size_t{1} << 20;
    return options;
  }
  std::unique_ptr<runtime::Engine> open() { return open_as(options()); }
  std::unique_ptr<runtime::Engine> open_as(const adapters::KafkaOptions& options) {
    auto engine = adapters::open_kafka(options);
    if (!engine.ok()) ADD_FAILURE() << engine.error().message;
    LAUREL_ASSERT(engine.ok());
    return std::move(*engine);
  }
  const TempDir& directory() const { return directory_; }

 private:
  static std::string fresh_name() {
    static std::atomic<int> count = 0;
    return "t" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  }
  TempDir directory_;
  const std::string cluster_ = fresh_name();
};

}  // namespace laurel::testing
