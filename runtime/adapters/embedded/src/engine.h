/// The engine: a queue of commits, the threads that write them in groups, and reads of what is
/// written.
///
/// Threads    Any. A commit thread takes all that is queued as one group. `mutex_` guards what they
///            share with callers, `open_mutex_` the store, which close() takes away from readers.
/// Errors     After a failed write nothing is written again: `failure_`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "group_commit.h"
#include "inbox_index.h"
#include "laurel/adapters/embedded/embedded_engine.h"
#include "open_store.h"

namespace laurel::adapters::internal {

class Engine final : public EmbeddedEngine {
 public:
  Engine(EmbeddedOptions options, std::shared_ptr<OpenStore> open,
         std::unique_ptr<InboxIndex> inbox);
  ~Engine() override;

  const std::string& secret() const override { return identity_.secret; }
  std::uint16_t partitions() const override { return identity_.partitions; }
  const std::string& node_uuid() const override { return identity_.uuid; }

  runtime::Result<runtime::Recovered> take_over(runtime::PartitionId partition) override;
  void commit(std::shared_ptr<const runtime::Commit> commit,
              std::function<void(runtime::Outcome)> done) override;
  void close() override;

  runtime::Result<std::optional<std::string>> get(runtime::PartitionId partition,
                                                  runtime::Space space,
                                                  std::string_view key) const override;
  runtime::Status multi_get(runtime::PartitionId partition, runtime::Space space,
                            const std::vector<std::string_view>& keys,
                            std::vector<std::optional<std::string>>& values) const override;
  runtime::Result<std::unique_ptr<runtime::ReadView>> view(
      runtime::PartitionId partition) const override;
  runtime::Result<std::vector<runtime::InboxEntry>> read_inbox(
      runtime::PartitionId partition, const runtime::Positions& after,
      std::size_t bytes_max) const override;
  runtime::Result<std::vector<runtime::TopicRecord>> read_topic(
      std::string_view topic, runtime::PartitionId partition, std::uint64_t from,
      std::size_t records_max) const override;
  runtime::Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
      std::string_view topic, runtime::PartitionId partition) const override;
  runtime::Result<std::uint64_t> append_catalog(std::string record) override;
  runtime::Result<std::vector<std::string>> read_catalog(std::uint64_t from) const override;
  runtime::Status verify() const override;
  EmbeddedStats stats() const override;

 private:
  struct Pending {
    std::shared_ptr<const runtime::Commit> commit;
    std::function<void(runtime::Outcome)> done;
    runtime::Outcome outcome = runtime::Outcome::kDurable;
  };
  struct Partition {
    CommitRecord record;       ///< the last durable one
    bool writing = false;      ///< a commit of it is being written
    bool taking_over = false;  ///< its next epoch is being written
  };

  std::shared_ptr<OpenStore> pinned() const {
    const std::shared_lock lock(open_mutex_);
    return open_;
  }
  runtime::Result<std::shared_ptr<OpenStore>> readable() const;
  runtime::Error failure_locked() const;
  void fail(const runtime::Error& error);

  void run_commits();
  void run_syncs();
  bool has_work_locked() const;
  /// Moves what is queued to `group`, with the outcome of what must not be written.
  void take_locked(std::vector<Pending>& group, std::vector<GroupMember>& members);
  runtime::Outcome admit_locked(const runtime::Commit& commit) const;
  runtime::Status write_group(GroupCommit& writer, std::vector<GroupMember>& members);
  void settle(bool durable, std::vector<GroupMember>& members);

  const EmbeddedOptions options_;
  const Identity identity_;

  mutable std::shared_mutex open_mutex_;
  std::shared_ptr<OpenStore> open_;  ///< nothing after close()

  std::mutex catalog_mutex_;  ///< taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable work_;     ///< for the commit threads
  std::condition_variable settled_;  ///< for close() and take_over()
  std::condition_variable stop_;     ///< for the thread of run_syncs()
  std::deque<Pending> queue_;
  std::vector<Partition> partitions_;
  std::optional<runtime::Error> failure_;
  unsigned writers_ = 0;  ///< groups and take-overs not finished yet
  bool closing_ = false;
  bool stopping_ = false;
  EmbeddedStats stats_;
  std::atomic<bool> failed_ = false;  ///< failure_ is set

  const std::unique_ptr<InboxIndex> inbox_;

  std::vector<std::thread> threads_;
};

}  // namespace laurel::adapters::internal
