/// ScriptedEngine: an Engine in memory whose outcomes a test decides.
///
///     auto disk = std::make_shared<ScriptedDisk>(16);
///     ScriptedEngine engine(disk);                       // manual: complete() fires `done`
///     engine.script(3, {Step::kAborted, Step::kDurable});  // of partition 3's next commits
///     engine.commit(...); engine.waiting();              // in flight, nothing visible yet
///     engine.complete(3);                                // the scripted step, or kDurable
///     ScriptedEngine after_crash(disk);                  // what is durable is still there
///
/// View       One process. State is a value in the disk, so a crash is: drop the engine.
/// Threads    Any thread. With Completion::kManual `done` runs on the thread that calls complete(),
///            with kOwnThread on a thread of the engine, as soon as the commit is handed in.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "laurel/runtime/engine.h"
#include "support/scripted_disk.h"

namespace laurel::testing {

/// What becomes of a commit.
enum class Step {
  kDurable,
  kAborted,
  kRejected,
  kUnknownHappened,     ///< kUnknown; take_over() tells that it happened
  kUnknownNotHappened,  ///< kUnknown; take_over() tells that it did not
  kFenced,
  kStoreFailed,  ///< from then on everything of the engine ends so
};

class ScriptedEngine final : public runtime::Engine {
 public:
  enum class Completion { kManual, kOwnThread };

  explicit ScriptedEngine(std::shared_ptr<ScriptedDisk> disk,
                          Completion completion = Completion::kManual)
      : disk_(std::move(disk)), completion_(completion) {
    if (completion_ == Completion::kOwnThread) thread_ = std::thread([this] { run(); });
  }
  explicit ScriptedEngine(std::uint16_t partitions = 1, Completion completion = Completion::kManual)
      : ScriptedEngine(std::make_shared<ScriptedDisk>(partitions), completion) {}

  /// A crash: what is in flight and manual is dropped, its `done` is never called.
  ~ScriptedEngine() override { stop(); }
  ScriptedEngine(const ScriptedEngine&) = delete;
  ScriptedEngine& operator=(const ScriptedEngine&) = delete;

  // ---- What a test decides -----------------------------------------------------------------

  /// Appends to what becomes of the partition's next commits; kDurable when the script is at its
  /// end.
  void script(runtime::PartitionId partition, std::vector<Step> steps) {
    const std::lock_guard lock(mutex_);
    auto& script = scripts_[partition];
    script.insert(script.end(), steps.begin(), steps.end());
  }

  /// Ends the oldest commit in flight of the partition as scripted; false when there is none.
  bool complete(runtime::PartitionId partition) { return complete_with(partition, nullptr); }
  /// ... with that step, whatever the script says (it is not used up).
  bool complete(runtime::PartitionId partition, Step step) {
    return complete_with(partition, &step);
  }
  /// Ends what is in flight, in the order it was handed in, until nothing is (a `done` may hand in
  /// more: `commits_max` bounds that). How many were ended.
  std::size_t complete_all(std::size_t commits_max = 10'000) {
    std::size_t ended = 0;
    while (ended < commits_max) {
      std::optional<runtime::PartitionId> partition;
      {
        const std::lock_guard lock(mutex_);
        if (!waiting_.empty()) partition = waiting_.front().commit->partition;
      }
      if (!partition || !complete(*partition)) break;
      ++ended;
    }
    return ended;
  }

  /// From then on what the script would let through is rejected when it is so; empty: nothing.
  void refuse(std::function<bool(const runtime::Commit&)> refused) {
    const std::lock_guard lock(mutex_);
    refused_ = std::move(refused);
  }

  /// Reads fail with kStoreFailed while set.
  void fail_reads(bool fail) {
    const std::lock_guard lock(mutex_);
    reads_fail_ = fail;
  }

  // ---- What a test looks at ----------------------------------------------------------------

  /// In flight, oldest first.
  std::vector<std::shared_ptr<const runtime::Commit>> waiting() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const runtime::Commit>> commits;
    for (const Waiting& waiting : waiting_) commits.push_back(waiting.commit);
    return commits;
  }
  /// All that was ever handed in, oldest first.
  std::vector<std::shared_ptr<const runtime::Commit>> handed_in() const {
    const std::lock_guard lock(mutex_);
    return handed_in_;
  }
  std::size_t gets() const {
    const std::lock_guard lock(mutex_);
    return gets_;
  }
  const std::shared_ptr<ScriptedDisk>& disk() const { return disk_; }

  // ---- Engine ------------------------------------------------------------------------------

  const std::string& secret() const override { return disk_->secret(); }
  std::uint16_t partitions() const override { return disk_->partitions(); }

  runtime::Result<runtime::Recovered> take_over(runtime::PartitionId partition) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return runtime::Error{runtime::ErrorCode::kUnavailable, "the engine is closed"};
    if (failed_) return failure();
    ScriptedDisk::Partition next = *disk_->at(partition);
    ++next.epoch;
    const runtime::Recovered recovered{next.epoch, next.last_commit, next.positions};
    disk_->put(partition, std::move(next));
    return recovered;
  }

  void commit(std::shared_ptr<const runtime::Commit> commit,
              std::function<void(runtime::Outcome)> done) override {
    {
      const std::lock_guard lock(mutex_);
      LAUREL_ASSERT(commit->partition < disk_->partitions());
      // Law 2, for who owns: an older epoch is fenced when its turn comes.
      const auto durable = disk_->at(commit->partition);
      if (commit->epoch == durable->epoch && !failed_ && !closed_) {
        LAUREL_ASSERT(commit->number == durable->last_commit + 1);
        for (const Waiting& other : waiting_) {
          LAUREL_ASSERT(other.commit->partition != commit->partition ||
                        other.commit->epoch != commit->epoch);
        }
      }
      assert_sorted(*commit);
      handed_in_.push_back(commit);
      waiting_.push_back({std::move(commit), std::move(done), closed_});
    }
    changed_.notify_all();
  }

  runtime::Result<std::optional<std::string>> get(runtime::PartitionId partition,
                                                  runtime::Space space,
                                                  std::string_view key) const override {
    if (const runtime::Status status = readable(1); !status.ok()) return status.error();
    return View(disk_->at(partition)).get(space, key);
  }

  runtime::Status multi_get(runtime::PartitionId partition, runtime::Space space,
                            const std::vector<std::string_view>& keys,
                            std::vector<std::optional<std::string>>& values) const override {
    if (runtime::Status status = readable(keys.size()); !status.ok()) return status;
    const View view(disk_->at(partition));
    values.clear();
    for (const std::string_view key : keys) values.push_back(*view.get(space, key));
    return {};
  }

  runtime::Result<std::unique_ptr<runtime::ReadView>> view(
      runtime::PartitionId partition) const override {
    if (const runtime::Status status = readable(0); !status.ok()) return status.error();
    return std::unique_ptr<runtime::ReadView>(std::make_unique<View>(disk_->at(partition)));
  }

  runtime::Result<std::vector<runtime::InboxEntry>> read_inbox(
      runtime::PartitionId partition, const runtime::Positions& after,
      std::size_t bytes_max) const override {
    if (const runtime::Status status = readable(0); !status.ok()) return status.error();
    const auto durable = disk_->at(partition);
    std::vector<runtime::InboxEntry> entries;
    std::size_t bytes = 0;
    for (const auto& [source, records] : durable->inbox) {
      const std::string input = "inbox/" + std::to_string(source);
      const auto from = after.find(input);
      auto at = from == after.end() ? records.begin() : records.upper_bound(from->second);
      for (; at != records.end() && bytes < bytes_max; ++at) {
        entries.push_back({input, at->first, at->second});
        bytes += at->second.size();
      }
    }
    return entries;
  }

  runtime::Result<std::vector<runtime::TopicRecord>> read_topic(
      std::string_view topic, runtime::PartitionId partition, std::uint64_t from,
      std::size_t records_max) const override {
    if (const runtime::Status status = readable(0); !status.ok()) return status.error();
    const auto durable = disk_->at(partition);
    std::vector<runtime::TopicRecord> records;
    const auto found = durable->topics.find(topic);
    if (found == durable->topics.end()) return records;
    for (std::uint64_t at = from; at < found->second.size() && records.size() < records_max; ++at) {
      records.push_back({at, found->second[at]});
    }
    return records;
  }

  runtime::Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
      std::string_view topic, runtime::PartitionId partition) const override {
    if (const runtime::Status status = readable(0); !status.ok()) return status.error();
    const auto durable = disk_->at(partition);
    const auto found = durable->topics.find(topic);
    const std::uint64_t end = found == durable->topics.end() ? 0 : found->second.size();
    return std::pair<std::uint64_t, std::uint64_t>(0, end);
  }

  runtime::Result<std::uint64_t> append_catalog(std::string record) override {
    if (const runtime::Status status = readable(0); !status.ok()) return status.error();
    return disk_->append_catalog(std::move(record));
  }
  runtime::Result<std::vector<std::string>> read_catalog(std::uint64_t from) const override {
    if (const runtime::Status status = readable(0); !status.ok()) return status.error();
    return disk_->catalog(from);
  }

  /// Manual: ends all that is in flight first, as scripted.
  void close() override {
    if (completion_ == Completion::kManual) complete_all();
    std::unique_lock lock(mutex_);
    if (completion_ == Completion::kOwnThread) {
      changed_.wait(lock, [this] { return waiting_.empty() && !ending_; });
    }
    closed_ = true;
  }

 private:
  class View final : public runtime::ReadView {
   public:
    explicit View(std::shared_ptr<const ScriptedDisk::Partition> state)
        : state_(std::move(state)) {}
    runtime::CommitNumber commit() const override { return state_->last_commit; }
    runtime::Result<std::optional<std::string>> get(runtime::Space space,
                                                    std::string_view key) const override {
      const auto found = state_->rows.find({space, std::string(key)});
      if (found == state_->rows.end()) return std::optional<std::string>();
      return std::optional<std::string>(found->second);
    }
    runtime::Status scan(
        runtime::Space space, std::string_view from, std::string_view to,
        const std::function<bool(std::string_view, std::string_view)>& row) const override {
      for (auto at = state_->rows.lower_bound({space, std::string(from)});
           at != state_->rows.end() && at->first.first == space; ++at) {
        if (!to.empty() && at->first.second >= to) break;
        if (!row(at->first.second, at->second)) break;
      }
      return {};
    }

   private:
    std::shared_ptr<const ScriptedDisk::Partition> state_;
  };

  struct Waiting {
    std::shared_ptr<const runtime::Commit> commit;
    std::function<void(runtime::Outcome)> done;
    bool after_close = false;
  };

  static runtime::Error failure() {
    return {runtime::ErrorCode::kStoreFailed, "the scripted store has failed"};
  }

  static void assert_sorted(const runtime::Commit& commit) {
    for (std::size_t i = 1; i < commit.rows.size(); ++i) {
      const runtime::Row& a = commit.rows[i - 1];
      const runtime::Row& b = commit.rows[i];
      LAUREL_ASSERT(std::pair(a.space, std::string_view(a.key)) <
                    std::pair(b.space, std::string_view(b.key)));
    }
  }

  runtime::Status readable(std::size_t gets) const {
    const std::lock_guard lock(mutex_);
    gets_ += gets;
    if (closed_) return runtime::Error{runtime::ErrorCode::kUnavailable, "the engine is closed"};
    if (failed_ || reads_fail_) return failure();
    return {};
  }

  bool complete_with(runtime::PartitionId partition, const Step* step) {
    std::function<void(runtime::Outcome)> done;
    runtime::Outcome outcome = runtime::Outcome::kDurable;
    {
      const std::lock_guard lock(mutex_);
      auto found = waiting_.begin();
      while (found != waiting_.end() && found->commit->partition != partition) ++found;
      if (found == waiting_.end()) return false;
      outcome = decide(*found, step);
      done = std::move(found->done);
      waiting_.erase(found);
      ending_ = true;
    }
    done(outcome);
    {
      const std::lock_guard lock(mutex_);
      ending_ = false;
    }
    changed_.notify_all();
    return true;
  }

  runtime::Outcome decide(const Waiting& waiting, const Step* forced) {
    using runtime::Outcome;
    const runtime::Commit& commit = *waiting.commit;
    if (failed_) return Outcome::kStoreFailed;
    if (waiting.after_close) return Outcome::kFenced;
    if (commit.epoch != disk_->at(commit.partition)->epoch) return Outcome::kFenced;
    Step step = Step::kDurable;
    if (forced != nullptr) {
      step = *forced;
    } else if (auto& script = scripts_[commit.partition]; !script.empty()) {
      step = script.front();
      script.pop_front();
    }
    if (step == Step::kDurable && refused_ && refused_(commit)) step = Step::kRejected;
    switch (step) {
      case Step::kDurable:
        disk_->apply(commit);
        return Outcome::kDurable;
      case Step::kAborted:
        return Outcome::kAborted;
      case Step::kRejected:
        return Outcome::kRejected;
      case Step::kUnknownHappened:
        disk_->apply(commit);
        return Outcome::kUnknown;
      case Step::kUnknownNotHappened:
        return Outcome::kUnknown;
      case Step::kFenced:
        return Outcome::kFenced;
      case Step::kStoreFailed:
        failed_ = true;
        return Outcome::kStoreFailed;
    }
    return Outcome::kStoreFailed;
  }

  void run() {
    for (;;) {
      runtime::PartitionId partition = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        partition = waiting_.front().commit->partition;
      }
      complete(partition);
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  const std::shared_ptr<ScriptedDisk> disk_;
  const Completion completion_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<runtime::PartitionId, std::deque<Step>> scripts_;
  std::function<bool(const runtime::Commit&)> refused_;
  std::deque<Waiting> waiting_;
  std::vector<std::shared_ptr<const runtime::Commit>> handed_in_;
  mutable std::size_t gets_ = 0;
  bool reads_fail_ = false;
  bool failed_ = false;
  bool closed_ = false;
  bool ending_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace laurel::testing
