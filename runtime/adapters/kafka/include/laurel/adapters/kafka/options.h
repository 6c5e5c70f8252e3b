/// KafkaOptions: which cluster the engine's truth is in, and where its snapshots are.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/adapters/rocksdb/options.h"

namespace laurel::adapters {

struct KafkaOptions {
  /// Addresses to begin with, `host:port,...`. No default.
  std::string bootstrap;
  /// Name of the Laurel cluster: its topics are `<cluster>.<name>`, its transactional ids
  /// `<cluster>.<partition>`, its group `<cluster>`. 1 to 64 of [A-Za-z0-9_-]. Default `laurel`.
  std::string cluster = "laurel";
  /// Folder of the snapshots; one node owns it at a time. It may be lost: it is read anew. No
  /// default.
  std::string data_dir;
  /// Number of partitions, 1 to 512, fixed when the cluster is made. Default 0: as made, 16 when it
  /// is made now.
  std::uint16_t partitions = 0;
  /// Make what is missing: topics, and the folder. Default no.
  bool create = false;
  /// Copies of each partition of a topic that is made. Default 0: 3, or as many as there are
  /// brokers.
  std::int16_t replicas = 0;
  /// Properties of librdkafka for every client, such as `security.protocol` and `sasl.username`.
  std::vector<std::pair<std::string, std::string>> client;
  /// Transactions at a time, 1 to 64. Default 2: each costs some milliseconds of a core, whatever
  /// is in it.
  unsigned commit_threads = 2;
  /// How long a broker waits for a transaction to end, and this for the broker. Default 60 s.
  std::chrono::milliseconds transaction_timeout{60'000};
  /// How often the broker is asked to delete what all have finished in the inbox. Default 60 s.
  std::chrono::milliseconds inbox_prune_interval{60'000};
  /// Bytes of rows and outputs of one commit; a larger one is rejected. Default 64 MiB.
  std::uint64_t commit_bytes_max = 64ULL << 20;
  /// Memory and disk of all snapshots together; `path` and `create` are set by the engine.
  StoreOptions store;
  /// Told what librdkafka and the engine have to say. Any thread. Default: nobody.
  std::function<void(bool warning, std::string_view text)> log;
};

}  // namespace laurel::adapters
