#include "laurel/adapters/embedded/embedded_engine.h"

#include <pthread.h>

#include <utility>

#include "catalog_log.h"
#include "engine.h"
#include "laurel/adapters/rocksdb/rows.h"
#include "read_side.h"

namespace laurel::adapters {
namespace internal {

using runtime::Error;
using runtime::ErrorCode;
using runtime::PartitionId;
using runtime::Result;
using runtime::Status;

Engine::Engine(EmbeddedOptions options, std::shared_ptr<OpenStore> open,
               std::unique_ptr<InboxIndex> inbox)
    : options_(std::move(options)),
      identity_(open->identity),
      open_(std::move(open)),
      partitions_(identity_.partitions),
      inbox_(std::move(inbox)) {
  for (PartitionId i = 0; i < identity_.partitions; ++i) {
    partitions_[i].record = std::move(open_->records[i]);
  }
  for (unsigned i = 0; i < options_.commit_threads; ++i) {
    threads_.emplace_back([this] { run_commits(); });
    ::pthread_setname_np(threads_.back().native_handle(), "laurel-commit");  // for profiles
  }
  if (!options_.read_only) threads_.emplace_back([this] { run_syncs(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  stop_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Result<std::shared_ptr<OpenStore>> Engine::readable() const {
  std::shared_ptr<OpenStore> open = pinned();
  if (open == nullptr) return Error{ErrorCode::kUnavailable, "the engine is closed"};
  if (failed_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(mutex_);
    return failure_locked();
  }
  return open;
}

Error Engine::failure_locked() const {
  return {ErrorCode::kStoreFailed, "an earlier write failed: " + failure_->message};
}

void Engine::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = error;
  failed_.store(true, std::memory_order_release);
}

Result<std::optional<std::string>> Engine::get(PartitionId partition, runtime::Space space,
                                               std::string_view key) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return read_row(*(*open)->store, partition, space, key, nullptr);
}

Status Engine::multi_get(PartitionId partition, runtime::Space space,
                         const std::vector<std::string_view>& keys,
                         std::vector<std::optional<std::string>>& values) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return read_rows(*(*open)->store, partition, space, keys, values);
}

Result<std::unique_ptr<runtime::ReadView>> Engine::view(PartitionId partition) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return make_view(*open, partition);
}

Result<std::vector<runtime::InboxEntry>> Engine::read_inbox(PartitionId partition,
                                                            const runtime::Positions& after,
                                                            std::size_t bytes_max) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return inbox_->read(**open, partition, after, bytes_max);
}

Result<std::vector<runtime::TopicRecord>> Engine::read_topic(std::string_view topic,
                                                             PartitionId partition,
                                                             std::uint64_t from,
                                                             std::size_t records_max) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return internal::read_topic(**open, topic, partition, from, records_max);
}

Result<std::pair<std::uint64_t, std::uint64_t>> Engine::topic_bounds(std::string_view topic,
                                                                     PartitionId partition) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return internal::topic_bounds(**open, topic, partition);
}

Result<std::vector<std::string>> Engine::read_catalog(std::uint64_t from) const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return internal::read_catalog(**open, from);
}

Status Engine::verify() const {
  const auto open = readable();
  if (!open.ok()) return open.error();
  return (*open)->store->verify_checksums();
}

void Engine::close() {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    settled_.wait(lock, [this] { return queue_.empty() && writers_ == 0; });
  }
  std::shared_ptr<OpenStore> open;
  {
    const std::unique_lock lock(open_mutex_);
    open = std::move(open_);
    open_ = nullptr;
  }
  if (open == nullptr || options_.read_only || failed_.load(std::memory_order_acquire)) return;
  // All of it is durable already: errors here only make the next start longer.
  static_cast<void>(open->store->flush().ok());
  static_cast<void>(open->high_water->sync().ok());
}

EmbeddedStats Engine::stats() const {
  EmbeddedStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats = stats_;
  }
  if (const std::shared_ptr<OpenStore> open = pinned(); open != nullptr) {
    const StoreMemory memory = open->store->memory();
    stats.cache_bytes = memory.cache_bytes;
    stats.memtables_bytes = memory.memtables_bytes;
  }
  return stats;
}

}  // namespace internal

runtime::Result<std::unique_ptr<EmbeddedEngine>> open_embedded(const EmbeddedOptions& options) {
  auto open = internal::open_store(options);
  if (!open.ok()) return open.error();
  auto inbox = std::make_unique<internal::InboxIndex>((*open)->identity.partitions);
  if (const runtime::Status status = inbox->load(**open); !status.ok()) return status.error();
  return std::unique_ptr<EmbeddedEngine>(
      std::make_unique<internal::Engine>(options, std::move(*open), std::move(inbox)));
}

}  // namespace laurel::adapters
