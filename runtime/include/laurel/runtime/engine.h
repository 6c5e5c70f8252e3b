/// Engine: the port behind which a commit becomes durable.
///
///     partition ──seal──▶ Commit n ──commit()──▶ engine ──▶ Outcome(n)
///         │                                        ▲
///         └── open commit n+1 fills meanwhile ─────┘  (nothing of n+1 is produced before its seal)
///
/// Law        1. Atomic: all of a commit becomes visible, or nothing does.
///            2. Serial: commit n+1 of a partition is handed in only after the outcome of n is
///            known;
///               the number is the last durable one + 1 (asserted).
///            3. Durable: after kDurable the commit survives a crash at any instant.
///            4. A commit whose outcome is not kDurable is never visible, except after kUnknown,
///            where
///               take_over() tells: it happened if and only if `Recovered::last_commit` >= n.
///            5. Reads see exactly the state after some durable commit, and after kDurable(n) never
///               an older one than n.
///            6. Fenced: after another take_over() of the partition no commit of the older epoch
///               becomes durable; it ends as kFenced.
/// Threads    All calls from any thread. `done` is called exactly once, on an engine thread, and
/// does
///            nothing long. take_over() may block for seconds.
/// Suite      tests/conformance runs on every implementation, unchanged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/runtime/byte_arena.h"
#include "laurel/runtime/errors.h"

namespace laurel::runtime {

using PartitionId = std::uint16_t;
using CommitNumber = std::uint64_t;  // 1, 2, 3, ... per partition
using Epoch = std::uint64_t;

/// Keyspaces of a partition. Written with the row; values are part of the stored format.
enum class Space : std::uint8_t {
  kState = 0,    ///< roots and keyed rows
  kLog = 1,      ///< chunks of log tables
  kJournal = 2,  ///< accepted events by natural key
  kTimers = 3,   ///< timers by clock and time
  kStaged = 4,   ///< events of open backfills by time
};
inline constexpr std::size_t kSpaceCount = 5;

/// Of a commit, whose `bytes` hold key and value: neither this nor an Output outlives its commit.
struct Row {
  Space space = Space::kState;
  std::string_view key;
  std::optional<std::string_view> value;  ///< nothing: the row is deleted
};

/// What a commit appends to an output topic; the engine gives it its offset.
struct Output {
  std::string_view topic;  ///< lives as long as the process (a declared topic's name)
  std::string_view key;
  std::string_view type;   ///< CloudEvents type
  std::string_view value;  ///< serialized message of that type
  std::int64_t time_us = 0;
};

/// A record of an output topic as it is read.
struct OutputRecord {
  std::string_view topic;  ///< lives as long as the process (a declared topic's name)
  std::string key;
  std::string type;   ///< CloudEvents type
  std::string value;  ///< serialized message of that type
  std::int64_t time_us = 0;
};

/// Messages for a partition (the own one too). Arrives there once, after this commit is durable, in
/// order of the commits of its source.
struct InboxRecord {
  PartitionId target = 0;
  std::string value;
};

/// input -> opaque position: what has been handled of it.
using Positions = std::map<std::string, std::string>;

/// A record as its target reads it. `input` and `position` go into the positions of the commit that
/// has handled it; from then on the engine may forget the record.
struct InboxEntry {
  std::string input;
  std::string position;
  std::string value;
};

struct Commit {
  PartitionId partition = 0;
  CommitNumber number = 0;
  Epoch epoch = 0;
  std::uint64_t catalog_version = 0;
  std::uint32_t turns = 0;
  std::vector<Row> rows;           ///< ascending by (space, key), each key once
  std::vector<Output> outputs;     ///< in order of emission
  std::vector<InboxRecord> inbox;  ///< in order of sending
  Positions positions;             ///< only those that moved
  /// Entries of the own inbox that this commit has finished, input and position each.
  std::vector<std::pair<std::string, std::string>> inbox_finished;
  ByteArena bytes;  ///< what rows and outputs refer to
};

enum class Outcome {
  kDurable,
  kAborted,      ///< nothing happened; the same work may be tried again
  kRejected,     ///< nothing happened, because of what the commit holds (too large, refused)
  kUnknown,      ///< may have happened: take_over() tells
  kFenced,       ///< nothing happened, a higher epoch owns the partition: stop owning
  kStoreFailed,  ///< stop owning; never retried in place
};

/// Bytes of its rows, outputs and messages: what engines limit.
std::uint64_t commit_bytes(const Commit& commit);

/// What the inbox of a source is called as an input, and whose it is; nothing for another input.
std::string inbox_input(PartitionId source);
std::optional<PartitionId> inbox_source(std::string_view input);

struct Recovered {
  Epoch epoch = 0;  ///< of this ownership, higher than any before
  CommitNumber last_commit = 0;
  Positions positions;
};

/// A durable state of one partition. Holds resources: drop it soon.
class ReadView {
 public:
  virtual ~ReadView() = default;
  virtual CommitNumber commit() const = 0;
  virtual Result<std::optional<std::string>> get(Space space, std::string_view key) const = 0;
  /// Rows with from <= key < to (`to` empty: to the end of the space), ascending, until `row`
  /// returns false. An error after the last row is an error of the scan.
  virtual Status scan(
      Space space, std::string_view from, std::string_view to,
      const std::function<bool(std::string_view key, std::string_view value)>& row) const = 0;
};

struct TopicRecord {
  std::uint64_t offset = 0;
  OutputRecord record;
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// The cluster's secret of 32 bytes, made once with the data.
  virtual const std::string& secret() const = 0;
  virtual std::uint16_t partitions() const = 0;

  /// Become the owner: fence whoever was, learn the last durable commit.
  virtual Result<Recovered> take_over(PartitionId partition) = 0;
  virtual void commit(std::shared_ptr<const Commit> commit, std::function<void(Outcome)> done) = 0;

  /// A single durable read: latest durable state.
  virtual Result<std::optional<std::string>> get(PartitionId partition, Space space,
                                                 std::string_view key) const = 0;
  /// Many single reads at once, in order of the keys.
  virtual Status multi_get(PartitionId partition, Space space,
                           const std::vector<std::string_view>& keys,
                           std::vector<std::optional<std::string>>& values) const = 0;
  virtual Result<std::unique_ptr<ReadView>> view(PartitionId partition) const = 0;

  /// What waits in the partition's inbox after those positions: durable records only, per input in
  /// order and without a gap, about `bytes_max` bytes of them (at least one when there is any).
  virtual Result<std::vector<InboxEntry>> read_inbox(PartitionId partition, const Positions& after,
                                                     std::size_t bytes_max) const = 0;

  /// Up to `records_max` committed records from offset `from` on.
  virtual Result<std::vector<TopicRecord>> read_topic(std::string_view topic, PartitionId partition,
                                                      std::uint64_t from,
                                                      std::size_t records_max) const = 0;
  /// [first kept, next to be written).
  virtual Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
      std::string_view topic, PartitionId partition) const = 0;

  /// The log of the catalog's versions: appends a record, durable before this returns; its number:
  /// 1, 2, 3, ... without gaps. Blocks on the disk.
  virtual Result<std::uint64_t> append_catalog(std::string record) = 0;
  /// All records from that number on, in order.
  virtual Result<std::vector<std::string>> read_catalog(std::uint64_t from) const = 0;

  /// Finishes what was handed in, then refuses more (kFenced). Idempotent.
  virtual void close() = 0;
};

}  // namespace laurel::runtime
