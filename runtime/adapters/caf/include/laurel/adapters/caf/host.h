/// Host: partitions and ingest of one node as CAF actors. Thin shells: all logic is in runtime/.
///
///     submit() ──▶ ingest actor: decode, route ──▶ partition actors: take, run, seal ──▶ engine
///                                                   ▲      ▲                              │
///                   clock actor: ticks, time ───────┘      └─────── outcome (message) ────┘
///     backfill actor: orders about backfills, to all partitions
///     supervisor actor: watches all of them; one that ends before its time fails the node
///
/// Why        CAF gives each partition its thread of control and a fair share of the cores; the
///            scheduler is `sharing`, max-throughput is bounded, and nothing but this room sees
///            CAF.
/// Lifecycle  start(): takes every partition over, then runs. drain(): refuses, finishes, commits.
///            Destroyed after drain(), or at once after a failure.
/// Threads    Any thread.
/// Limits     Credits: events_max and bytes_max handed in and not durable; beyond them submit()
/// says
///            kOverloaded. CAF's mailboxes are unbounded, the credits bound them.
/// Errors     A partition whose store failed or that was fenced stops; the node reports `failed`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "laurel/runtime/catalog.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/node_api.h"
#include "laurel/runtime/partition.h"

namespace laurel::adapters {

struct HostOptions {
  std::size_t threads = 2;
  /// A partition seals a commit at most that often: fewer, larger commits. 0: as soon as it can.
  std::chrono::milliseconds commit_interval_min{0};
  std::uint64_t events_max = 200'000;          ///< handed in, not durable
  std::uint64_t bytes_max = 64 * 1024 * 1024;  ///< of raw input, handed in, not durable
  runtime::PartitionOptions partition;
  bool has_inputs = false;  ///< event time stands still until Host::set_input_times() is called
  runtime::BoardDirectory* boards = nullptr;  ///< where ranked tables are shown; outlives the host
};

struct HostTotals {
  std::uint64_t turns = 0, accepted = 0, duplicates = 0, conflicts = 0, rejected = 0;
  std::uint64_t commits = 0, aborts = 0, activations_made = 0, passivations = 0;
  std::uint64_t events_in_flight = 0, bytes_in_flight = 0;
  std::map<std::string, std::uint64_t> dead_letters;  ///< by reason
  /// Everything dated before it is handled and durable, in all partitions; with none the largest.
  TimeUs watermark = std::numeric_limits<TimeUs>::max();
};

using BackfillAnswer = runtime::BackfillAnswer;

class Host {
 public:
  virtual ~Host() = default;
  static runtime::Result<std::unique_ptr<Host>> start(
      runtime::Engine& engine, const runtime::ActorRegistry& registry,
      const runtime::Hasher& hasher, std::shared_ptr<const runtime::Catalog> catalog,
      const HostOptions& options);

  virtual runtime::Status submit(std::shared_ptr<runtime::Submission> submission,
                                 std::shared_ptr<const runtime::Decoder> decoder) = 0;
  /// The next catalog; what is submitted afterwards sees it. REQUIRES: it extends the one before.
  virtual void adopt(std::shared_ptr<const runtime::Catalog> catalog) = 0;
  /// See NodeApi::barrier.
  virtual void barrier(runtime::PartitionId partition, std::function<void(bool)> done) = 0;
  /// `done(true)`: it is durable, with its audit record. `done(false)`: unknown. Any thread.
  virtual void act(runtime::AdminAction action, std::function<void(bool)> done) = 0;
  /// Opens one, without an id in `terms`, or gives the open one of that source. kOverloaded: there
  /// are kBackfillsOpenMax. The answer comes on any thread, once it is durable everywhere.
  virtual void open_backfill(runtime::BackfillTerms terms, BackfillAnswer answer) = 0;
  /// Closes or drops it; what is closed or dropped already is answered as it is. kNotFound;
  /// kInvalidInput: it is dropped, or closed, already.
  virtual void finish_backfill(runtime::BackfillEnd end, BackfillAnswer answer) = 0;
  virtual std::vector<runtime::Backfill> backfills() const = 0;
  /// Event time goes on with the slowest of them.
  virtual void set_input_times(runtime::InputTimes times) = 0;
  /// Of inputs, by partition: durable, a moment ago.
  virtual std::vector<runtime::Positions> positions() const = 0;
  /// Refuses new input and waits until everything handed in is durable or failed.
  virtual void drain() = 0;
  virtual std::vector<runtime::PartitionStatus> partitions() const = 0;
  virtual HostTotals totals() const = 0;
  /// Empty while all partitions run.
  virtual std::string failure() const = 0;
};

}  // namespace laurel::adapters
