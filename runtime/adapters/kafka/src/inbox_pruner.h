/// InboxPruner: has the broker delete what all inboxes have finished, now and then.
///
/// Why        The inbox topic keeps everything for ever, as nothing but Laurel knows what is
///            finished. A record is deleted once a durable commit says that it will not be read
///            again: whoever takes over reads that commit first.
/// Threads    Any. Nothing waits for the broker: what it did not do is asked for again.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "client.h"
#include "laurel/runtime/engine.h"

namespace laurel::adapters::kafka {

class InboxPruner {
 public:
  InboxPruner(const ClientBase& base, Client& client, std::uint16_t partitions);
  /// Before that offset of the partition's inbox all is finished. REQUIRES: by a durable commit.
  void note(runtime::PartitionId partition, std::int64_t low);
  /// Asks when it is time to, and hears what was answered: so that a trouble ends without a commit.
  void look();

 private:
  using Clock = std::chrono::steady_clock;
  void look_locked();
  void ask_locked();
  void hear_locked();
  void hear_failure_locked(rd_kafka_resp_err_t code);

  struct Inbox {
    std::int64_t low = 0;
    std::int64_t asked = 0;    ///< not for that again, unless it fails
    std::int64_t deleted = 0;  ///< it was done
  };
  const ClientBase& base_;
  Client& client_;
  const std::string topic_;
  const Queue answers_;
  std::mutex mutex_;
  std::vector<Inbox> inboxes_;
  Clock::time_point next_;
  bool said_ = false;  ///< that it does not work
};

}  // namespace laurel::adapters::kafka
