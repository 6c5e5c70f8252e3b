/// Partition: all actors of one partition on this node: turns, the open commit, activation.
///
///   take() ──▶ queue ──▶ run(): dedup, turns ──▶ open commit n+1 ──▶ seal() ──▶ engine
///                 ▲                                                        │
///                 └──── abort: work of n and n+1 goes back in order ◀── on_outcome(n)
///
/// Why        A plain class without threads, clocks or I/O but the engine's reads, so that the same
///            code runs under tests, in simulation and in production.
/// Lifecycle  start() with what take_over() found; then take/run/seal/on_outcome; gone on kStop.
/// Threads    One at a time.
/// Limits     The open commit: turns_max, bytes_max. The queue is bounded by its feeder's credits.
/// Order      Per submission, and per submitter who waits for the answer. Live events before those
///            of backfills, which get a small share of each commit all the same.
/// Errors     A bad event or a failing turn costs itself: dead letter. A store error: failed().
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "laurel/runtime/audit.h"
#include "laurel/runtime/backfill.h"
#include "laurel/runtime/boards.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/hasher.h"
#include "laurel/runtime/inputs.h"
#include "laurel/runtime/registry.h"

namespace laurel::runtime {

struct PartitionOptions {
  std::uint32_t turns_max = 4000;                       ///< per commit
  std::size_t bytes_max = 4 * 1024 * 1024;              ///< per commit, before compression
  std::size_t activation_bytes_max = 16 * 1024 * 1024;  ///< of this partition; LRU beyond
  std::size_t board_bytes_max = 16 * 1024 * 1024;       ///< the same, of ranked tables
  std::int64_t board_kept_us = 10'000'000;              ///< used since: kept, whatever they weigh
  std::int64_t idle_us_max = 300'000'000;               ///< passivated when untouched that long
  std::uint32_t hops_max = 64;  ///< messages a turn may cause in its commit; more go on in the next
  std::uint32_t hops_total_max = 4096;        ///< messages that may descend from one event or timer
  std::int64_t lateness_us = 5'000'000;       ///< how late an event may be for its stream
  std::int64_t skew_us = 5'000'000;           ///< how far a sender's clock may be ahead
  std::size_t effect_bytes_max = 512 * 1024;  ///< one effect; beyond it the turn is rejected
};

/// Of what is durable, turns and aborts apart: work that runs again after an abort counts again
/// there.
struct PartitionCounters {
  std::uint64_t turns = 0, accepted = 0, duplicates = 0, conflicts = 0, rejected = 0;
  std::map<std::string, std::uint64_t> dead_letters;  ///< by reason
  std::uint64_t messages = 0, timers = 0;             ///< handled, from the inbox and due
  std::uint64_t staged = 0;                           ///< counted again above when applied
  std::uint64_t commits = 0, aborts = 0, activations_made = 0, passivations = 0;
};

/// How far the whole cluster has come: the watermarks of all partitions were at least this,
/// durably, when it was put together.
struct ClusterTime {
  TimeUs watermark = std::numeric_limits<TimeUs>::min();
  std::vector<BackfillSpan> backfills;  ///< open ones
};

class PartitionImpl;

class Partition {
 public:
  struct Ports {
    const Engine& engine;
    const ActorRegistry& registry;
    const Hasher& hasher;
    BoardDirectory* boards = nullptr;  ///< where committed ranked tables are shown to readers
  };
  enum class Next {
    kContinue,
    kTakeOver,  ///< outcome unknown: call engine.take_over(), then resolve()
    kStop,      ///< fenced or the store failed: drop this partition
  };

  Partition(PartitionId id, Ports ports, std::shared_ptr<const Catalog> catalog,
            PartitionOptions options);
  ~Partition();

  void start(const Recovered& recovered);
  /// Queues a batch. Its submission's pending count is finished when all its results are durable.
  void take(EventBatch batch);
  /// There may be something in the inbox.
  void inbox_news();
  /// `done(true)` once the order is durable; `done(false)`: unknown, give it again.
  void order(BackfillOrder order, std::function<void(bool)> done);
  /// The same, of what somebody does by hand. REQUIRES: this is kAuditPartition.
  void act(AdminAction action, std::function<void(bool)> done);
  /// `done(true)` once all that was durable in the inbox now is handled and a commit that is sealed
  /// after it is durable; an empty one when there is nothing else. `done(false)`: unknown.
  void barrier(std::function<void(bool)> done);
  /// No event of a backfill is applied from now on: the node stops.
  void hold_backfills();
  /// Event timers up to it fire, once the inbox sent before it is drained.
  void set_time(ClusterTime time);
  /// Handles what is due and queued, timers and inbox before events, until the open commit is full.
  /// `now_us`: wall clock, for the time of dead letters and for what is idle; no turn sees it.
  void run(std::int64_t now_us);
  /// Until it is told there are no inputs.
  void set_input_times(std::shared_ptr<const InputTimes> times);
  /// Passivates what has been idle too long. Call every second or so.
  void tick(std::int64_t now_us);
  bool can_seal() const;  ///< something is open and nothing is in flight
  std::shared_ptr<const Commit> seal();
  Next on_outcome(CommitNumber number, Outcome outcome);
  /// After kTakeOver: what happened to the commit whose outcome was unknown.
  void resolve(const Recovered& recovered);
  /// From the next turn on. REQUIRES: it extends the catalog the partition has.
  void adopt(std::shared_ptr<const Catalog> catalog);
  /// Ends everything queued with its results left pending ("unknown, send again").
  void abandon();

  bool idle() const;    ///< nothing queued, open or in flight
  bool failed() const;  ///< the store could not be read
  const std::string& failure() const;
  CommitNumber last_commit() const;
  Epoch epoch() const;
  /// Everything dated before it is handled and durable, with the messages it caused.
  TimeUs watermark() const;
  /// Of inputs and inboxes, durable.
  const Positions& positions() const;
  std::uint64_t queued_events() const;
  PartitionBackfills backfills() const;
  std::uint64_t activations() const;
  std::uint64_t activation_bytes() const;
  std::uint64_t board_bytes() const;
  const PartitionCounters& counters() const;
  /// Called for each event made durable, with its submission and status (for latency metrics).
  void on_durable(std::function<void(const Submission&, EventStatus)> hook);

 private:
  std::unique_ptr<PartitionImpl> impl_;
};

}  // namespace laurel::runtime
