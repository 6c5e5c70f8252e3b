/// NodeOptions: all that one node can be told, with its defaults. Read from node.toml; every key is
/// explained in config/reference.toml, which reference_configuration() makes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "laurel/runtime/errors.h"

namespace laurel::config {

struct NodeOptions {
  std::string node_id = "laurel-1";

  struct Listen {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7400;
    bool allow_plaintext = false;
    std::string tls_cert;  ///< path; relative to the folder of node.toml, as all paths
    std::string tls_key;
  } listen;

  std::string data_dir = "data";
  std::string catalog_dir;  ///< empty: there is no catalog
  std::chrono::milliseconds catalog_lead{60'000};
  std::string engine = "embedded";
  struct Kafka {
    std::string bootstrap;  ///< empty: an error with engine = "kafka"
    std::string cluster = "laurel";
    std::string client_file;  ///< empty: none
    std::uint16_t replicas = 0;
    std::chrono::milliseconds transaction_timeout{60'000};
  } kafka;
  struct Input {
    std::string topic;
    std::string format = "cloudevents";
    std::string mapping;  ///< path; empty but for json
  };
  std::vector<Input> inputs;
  std::uint16_t partitions = 16;

  struct Commit {
    std::chrono::milliseconds interval_min{0};
    std::uint32_t turns_max = 32768;
    std::uint64_t bytes_max = 16ULL * 1024 * 1024;
    std::uint16_t in_flight_max = 2;
  } commit;

  struct Memory {
    std::uint32_t cache_mb = 512;
    std::uint32_t activations_mb = 512;
    std::uint32_t boards_mb = 256;
    std::chrono::seconds idle{300};
    std::uint32_t ingest_mb = 64;
  } memory;

  struct Limits {
    std::uint32_t connections_max = 1024;
    std::uint32_t request_mb_max = 80;
  } limits;

  struct Topics {
    std::uint64_t bytes_max_mb = 4096;
  } topics;

  std::string log_level = "info";
};

/// Reads and checks node.toml; paths in it become relative to nothing but its folder. The catalog
/// is the folder `catalog` beside it, if there is one, unless `catalog.dir` names another.
runtime::Result<NodeOptions> load_node_options(const std::string& path);

/// A node.toml with every key, commented out, each with what it means and its default.
std::string reference_configuration();

}  // namespace laurel::config
