/// Partition: what the engine does for one partition: fence, replay, own, commit.
///
///     open() ─▶ make_ready() ─▶ own() ─▶ commit() ─▶ commit() ...
///                                 ▲          │ kUnknown: the producer is given up
///                                 └──────────┘ fence, replay, next epoch
///
/// Threads    One at a time, apart from what says otherwise.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "inbox_log.h"
#include "inbox_pruner.h"
#include "laurel/adapters/kafka/kafka_engine.h"
#include "output_topics.h"
#include "partition_store.h"
#include "producer.h"

namespace laurel::adapters::kafka {

/// Counted by all partitions.
struct Counters {
  std::atomic<std::uint64_t> transactions{0}, failed{0}, fenced{0}, producers{0}, records{0},
      bytes{0}, produce_us{0}, end_us{0}, store_us{0}, replayed{0}, replayed_rows{0};
};

/// What all partitions of an engine share.
struct Common {
  explicit Common(const KafkaOptions& options);
  const ClientBase base;
  const std::uint64_t owner;      ///< random: this engine, in commit records
  std::unique_ptr<Client> asker;  ///< reads what is not committed, too
  LogReaders readers{base};
  std::unique_ptr<InboxLog> inbox;
  std::unique_ptr<InboxPruner> pruner;
  std::unique_ptr<OutputTopics> outputs;
  Counters counters;
};

class Partition {
 public:
  Partition(Common& common, runtime::PartitionId id);
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  runtime::PartitionId id() const { return id_; }
  runtime::Status open(const StoreOptions& options);
  /// Replays, and owns it ahead of take_over(): as soon as others are fenced by it.
  runtime::Status make_ready(const Deadline& deadline);
  /// Reads what waits for it. REQUIRES: all partitions are fenced.
  runtime::Status load_inbox(const Deadline& deadline);
  /// Fences when the producer is not fresh, replays, raises the epoch. One that owned it before and
  /// finds a higher epoch steps down and writes nothing. Errors: kFenced: another one
  /// was quicker; kUnavailable: try again; others: it cannot be owned.
  runtime::Result<runtime::Recovered> own(const Deadline& deadline);
  runtime::Outcome commit(const std::shared_ptr<const runtime::Commit>& commit);
  /// As of the last durable commit. Any thread.
  PartitionRecord record() const;
  std::shared_ptr<const PartitionStore> store() const;
  /// No transaction and no read any more.
  void close();

 private:
  /// Ends whatever another owner has open, and keeps it from going on.
  runtime::Status fence(const Deadline& deadline);
  /// Reads the changelog up to its end, which is asked for now. As long as that gets on.
  runtime::Status replay();
  /// As far as it can be read without a fence: whoever owns it has a transaction open.
  runtime::Status read_ahead();
  struct Sent;
  class Sending;
  void produce(const runtime::Commit& commit, const PartitionRecord& next, Sent& sent);
  void produce_rows(const runtime::Commit& commit, Sent& sent);
  void produce_outputs(const runtime::Commit& commit, Sent& sent);
  PartitionRecord after(const runtime::Commit& commit) const;
  runtime::Outcome settle(const PartitionRecord& next);
  void tell(const runtime::Commit& commit, const Sent& sent);
  runtime::Outcome fenced();
  void resolve();
  runtime::Status replay_some(bool to_its_end);
  void set_record(PartitionRecord record);
  std::string transactional_id() const;

  Common& common_;
  const runtime::PartitionId id_;
  std::unique_ptr<Producer> producer_;
  bool fresh_ = false;                       ///< the producer has not been used yet
  std::optional<runtime::Epoch> expected_;   ///< a higher one of somebody else: it has an owner
  std::optional<runtime::Recovered> ready_;  ///< owned, and not yet told to take_over()

  mutable std::mutex mutex_;
  PartitionRecord record_;
  std::shared_ptr<PartitionStore> store_;

  /// A commit of which it is not known whether it happened.
  struct Unresolved {
    std::shared_ptr<const runtime::Commit> commit;
    std::shared_ptr<Sent> sent;
    std::unique_ptr<Sending> sending;
    bool happened = false;  ///< its commit record was read
  };
  std::unique_ptr<Unresolved> unresolved_;
  std::int64_t written_to_ = -1;  ///< in the changelog: behind what this owner wrote last
};

}  // namespace laurel::adapters::kafka
