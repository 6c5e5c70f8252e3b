/// InboxIndex: what is durable in the inboxes, and the newest of it in memory, so that a target
/// reads the store only after a start, an abort, or when it has fallen behind.
///
///     durable commit ──note()──▶ held, per target and source ──read()──▶ target
///                                  │ beyond its share of kHeldBytesMax
///                                  └──▶ let go of: it is in the store
///
/// Threads    Any.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "laurel/runtime/engine.h"
#include "open_store.h"

namespace laurel::adapters::internal {

class InboxIndex {
 public:
  explicit InboxIndex(std::uint16_t partitions);

  /// What the store holds.
  runtime::Status load(const OpenStore& open);
  /// REQUIRES: the commit is durable. Of one source: in order.
  void note(const runtime::Commit& commit);
  /// As Engine::read_inbox().
  runtime::Result<std::vector<runtime::InboxEntry>> read(const OpenStore& open,
                                                         runtime::PartitionId target,
                                                         const runtime::Positions& after,
                                                         std::size_t bytes_max);

 private:
  static constexpr std::size_t kHeldBytesMax = std::size_t{32} << 20;  // of all targets
  static constexpr std::size_t kShareMin = std::size_t{32} << 10;

  struct Held {
    std::string position;
    std::string value;
  };
  struct Source {
    std::string newest;      ///< position of the last durable record; empty: none
    std::string held_after;  ///< what is beyond this position is held, without a gap
    std::deque<Held> held;
  };
  struct Target {
    std::mutex mutex;
    std::vector<Source> sources;
    std::size_t bytes = 0;  ///< held
  };
  void hold(Target& target, Source& source, std::string position, const std::string& value) const;
  static void let_go(Target& target, Source& source, const std::string& up_to);

  const std::size_t share_;  ///< of each target
  std::vector<std::unique_ptr<Target>> targets_;
};

}  // namespace laurel::adapters::internal
