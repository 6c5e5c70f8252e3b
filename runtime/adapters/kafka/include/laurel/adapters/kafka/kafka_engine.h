/// KafkaEngine: a commit is one Kafka transaction; each partition has a snapshot in a RocksDB of
/// its own.
///
///     commit() ──▶ queue ──▶ commit thread: begin
///                              rows ─▶ changelog ┐
///                              messages ─▶ inbox │ all acknowledged
///                              records ─▶ topics │
///                              commit record     ┘ the last of the changelog
///                            end ──▶ snapshot (RocksDB, not synced) ──▶ done(kDurable)
///
/// Why        What is committed survives this machine: the changelog is the truth, the snapshot is
/// only
///            what saves reading it again.
/// View       A snapshot is exactly some commit; take_over() fences, then reads the changelog's
/// tail to
///            its end. Nothing here is believed because of a clock or of who was alive.
/// Lifecycle  open_kafka(), take_over() per partition, close(). Destruction without close() is like
/// a
///            crash.
/// Threads    Any thread. `done` runs on a commit thread. take_over() waits for the broker, until
/// it is
///            there or close() is called.
/// Limits     One commit per partition in flight; at most `commit_threads` transactions.
/// Errors     A transaction that failed otherwise than by being too large ends kUnknown, and its
///            producer is given up: take_over() makes a new one and tells what happened. A broker
///            that is away is waited for. A failed snapshot ends that partition only
///            (kStoreFailed).
/// See        docs/adr/0012-kafka-transactions.md, docs/formats/changelog.md
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "laurel/adapters/kafka/options.h"
#include "laurel/runtime/engine.h"

namespace laurel::adapters {

/// Counts since open.
struct KafkaStats {
  std::uint64_t transactions = 0;     ///< ended well
  std::uint64_t failed = 0;           ///< ended otherwise
  std::uint64_t fenced = 0;           ///< of them, because another owner took over
  std::uint64_t producers = 0;        ///< made, first ones too
  std::uint64_t records = 0;          ///< in the transactions that ended well
  std::uint64_t bytes = 0;            ///< of keys and values in them
  std::uint64_t produce_us = 0;       ///< from begin until all is acknowledged
  std::uint64_t end_us = 0;           ///< ending transactions
  std::uint64_t store_us = 0;         ///< writing snapshots
  std::uint64_t replayed = 0;         ///< records of changelogs read by take-overs
  std::uint64_t replayed_rows = 0;    ///< rows in them
  std::uint64_t cache_bytes = 0;      ///< now
  std::uint64_t memtables_bytes = 0;  ///< now
  /// What a person has to put right, now: a right that is missing, a broker that is away.
  std::vector<std::string> troubles;
};

class KafkaEngine : public runtime::Engine {
 public:
  virtual KafkaStats stats() const = 0;
};

/// Blocks until a broker answers or `transaction_timeout` has passed. Errors: kConfigInvalid,
/// kUnavailable (no broker answers), kNotFound (nothing there, and not `create`), kDataDirInUse,
/// kDataDirForeign (a folder of another cluster), kStoreFailed.
runtime::Result<std::unique_ptr<KafkaEngine>> open_kafka(const KafkaOptions& options);

}  // namespace laurel::adapters
