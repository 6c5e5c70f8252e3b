/// InboxLog: what waits in the inboxes of all partitions, by its offset in the inbox topic.
///
///     take-over of the target ──load()──▶ waiting ──read()──▶ target
///     transaction of a source ──note()──▶    │
///     commit of the target    ──finish()──▶ gone
///
/// Why        A message has to be there as soon as the commit that sent it is durable; the topic
///            itself shows it a little later, and is read only at a start, or for what did not fit
///            into memory.
/// Threads    Any.
/// Limits     Values beyond a target's share of kHeldBytesMax are read from the topic when asked
/// for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "changelog_format.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

/// Where a message went.
struct SentMessage {
  runtime::PartitionId target = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
};

class InboxLog {
 public:
  InboxLog(const ClientBase& base, std::uint16_t partitions, LogReaders& readers);

  /// What the topic holds of it, from that offset on, beyond those positions.
  runtime::Status load(runtime::PartitionId target, std::int64_t from, std::int64_t end,
                       const runtime::Positions& after, const Deadline& deadline);
  bool loaded(runtime::PartitionId target) const;

  /// What will be sent from now on has a greater offset than what this returns: held until sent().
  std::int64_t begin_sending(runtime::PartitionId target);
  void end_sending(runtime::PartitionId target, std::int64_t bound);
  /// REQUIRES: its commit is durable.
  void note(SentMessage message);
  /// Those are gone. As Commit::inbox_finished.
  void finish(runtime::PartitionId target,
              const std::vector<std::pair<std::string, std::string>>& finished);
  /// What is before or at those positions is gone.
  void finish_up_to(runtime::PartitionId target, const runtime::Positions& positions);
  /// Before that offset all is finished, when this commit is durable that finishes `also`.
  std::int64_t low(runtime::PartitionId target,
                   const std::vector<std::pair<std::string, std::string>>& also) const;

  /// As Engine::read_inbox().
  runtime::Result<std::vector<runtime::InboxEntry>> read(runtime::PartitionId target,
                                                         const runtime::Positions& after,
                                                         std::size_t bytes_max,
                                                         const Deadline& deadline);

 private:
  struct Waiting {
    runtime::PartitionId source = 0;
    std::string position;
    bool held = false;
    std::string value;
  };
  struct Target {
    mutable std::mutex mutex;
    bool loaded = false;
    std::map<std::int64_t, Waiting> waiting;
    std::int64_t end = 0;  ///< no known record has this offset or a greater one
    std::multiset<std::int64_t> sending;
    std::size_t bytes = 0;  ///< held
  };
  using At = std::map<std::int64_t, Waiting>::iterator;
  static At erase(Target& target, At at);
  void add(Target& target, std::int64_t offset, std::string_view key, std::string value) const;
  runtime::Status fetch(runtime::PartitionId id, Target& target, std::int64_t from,
                        std::size_t bytes_max, const Deadline& deadline);

  const std::string topic_;
  const std::size_t share_;
  LogReaders& readers_;
  std::vector<std::unique_ptr<Target>> targets_;
};

}  // namespace laurel::adapters::kafka
