#include "laurel/adapters/kafka/kafka_engine.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include "engine.h"
#include "laurel/runtime/failpoint.h"
#include "link.h"
#include "topics.h"

namespace laurel::adapters {
namespace kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::PartitionId;
using runtime::Result;
using runtime::Status;

constexpr unsigned kOpenThreads = 32;
constexpr std::uint16_t kPartitionsMax = 512;
constexpr std::size_t kClusterNameMax = 64;
constexpr int kOpenFilesMin = 64;  // of each snapshot

Status check_options(const KafkaOptions& options) {
  const auto invalid = [](std::string message) {
    return Error{ErrorCode::kConfigInvalid, std::move(message)};
  };
  if (options.bootstrap.empty()) return invalid("no address of a Kafka broker is given");
  if (options.data_dir.empty()) return invalid("data_dir is empty");
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (options.cluster.empty() || options.cluster.size() > kClusterNameMax ||
      !std::all_of(options.cluster.begin(), options.cluster.end(), fits)) {
    return invalid("the cluster's name is \"" + options.cluster +
                   "\"; 1 to 64 of A-Z, a-z, 0-9, _ and - are allowed");
  }
  if (options.partitions > kPartitionsMax) {
    return invalid("partitions is " + std::to_string(options.partitions) + ", at most " +
                   std::to_string(kPartitionsMax));
  }
  if (options.commit_threads < 1 || options.commit_threads > 64) {
    return invalid("commit_threads is " + std::to_string(options.commit_threads) +
                   ", from 1 to 64 are allowed");
  }
  return {};
}

}  // namespace

// All partitions at once: most of each is waiting for a broker.
Status Engine::all(const std::function<Status(Partition&)>& work) {
  std::mutex mutex;
  std::size_t next = 0;
  Status first;
  const auto some = [&] {
    for (;;) {
      std::size_t at = 0;
      {
        const std::lock_guard lock(mutex);
        if (next == partitions_.size() || !first.ok()) return;
        at = next++;
      }
      const Status status = work(*partitions_[at]);
      const std::lock_guard lock(mutex);
      if (!status.ok() && first.ok()) first = status;
    }
  };
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < std::min<std::size_t>(kOpenThreads, partitions_.size())) {
      others.emplace_back(some);
    }
  } catch (const std::system_error&) {  // no more threads: those that are there do it
  }
  some();
  others.clear();
  return first;
}

StoreOptions Engine::store_options(PartitionId id) const {
  StoreOptions out = common_->base.options.store;
  std::array<char, 8> name{};
  std::snprintf(name.data(), name.size(), "p%03u", static_cast<unsigned>(id));
  out.path = common_->base.options.data_dir + "/" + name.data();
  out.create = true;
  out.cache = cache_;
  out.log = false;
  out.open_files_max = std::max(out.open_files_max / identity_.partitions, kOpenFilesMin);
  return out;
}

Status Engine::start() {
  const Deadline deadline(common_->base.options.transaction_timeout * 2);
  auto cache = StoreCache::make(common_->base.options.store);
  if (!cache.ok()) return cache.error();
  cache_ = std::move(*cache);
  Status status = all([&](Partition& each) { return each.open(store_options(each.id())); });
  if (!status.ok()) return status;
  // What an owner before left open hides what others sent: all are fenced before an inbox is read.
  status = all([&](Partition& each) {
    for (;;) {
      Status made = each.make_ready(deadline);
      // Two that start at once fence each other until one has written that it owns it.
      const bool again = !made.ok() && made.error().code == ErrorCode::kUnavailable;
      if (!again || deadline.passed()) return made;
      std::this_thread::sleep_for(kTryAgain);
    }
  });
  if (!status.ok()) return status;
  LAUREL_FAILPOINT("kafka.open.after_fence");
  status = all([&](Partition& each) { return each.load_inbox(deadline); });
  if (!status.ok()) return status;
  for (unsigned i = 0; i < common_->base.options.commit_threads; ++i) {
    threads_.emplace_back([this] { run_commits(); });
    ::pthread_setname_np(threads_.back().native_handle(), "laurel-commit");  // for profiles
  }
  return {};
}

Result<std::shared_ptr<const PartitionStore>> Engine::readable(PartitionId partition) const {
  LAUREL_ASSERT(partition < identity_.partitions);
  auto store = partitions_[partition]->store();
  if (store == nullptr) return Error{ErrorCode::kUnavailable, "the engine is closed"};
  return store;
}

Result<std::uint64_t> Engine::append_catalog(std::string record) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
    ++under_way_;
  }
  auto offset = append(common_->base, topic_name(common_->base, kCatalogTopic), "", record,
                       Deadline(kReadWithin));
  if (!offset.ok()) {
    // It may be in the log all the same: nothing is said before that is looked at.
    const auto known = read_catalog(0);
    if (known.ok() && !known->empty() && known->back() == record) {
      offset = static_cast<std::int64_t>(known->size()) - 1;
    }
  }
  LAUREL_FAILPOINT("kafka.append_catalog.after_write");
  {
    const std::lock_guard lock(mutex_);
    --under_way_;
  }
  settled_.notify_all();
  if (!offset.ok()) return offset.error();
  return static_cast<std::uint64_t>(*offset) + 1;
}

Result<std::vector<std::string>> Engine::read_catalog(std::uint64_t from) const {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{ErrorCode::kUnavailable, "the engine is closed"};
  }
  std::vector<std::string> records;
  const Deadline deadline(kReadWithin);
  const std::string topic = topic_name(common_->base, kCatalogTopic);
  const auto offsets = offsets_of(*common_->asker, topic, 0, deadline);
  if (!offsets.ok()) return offsets.error();
  const auto start = static_cast<std::int64_t>(from == 0 ? 0 : from - 1);
  const Status status = common_->readers.read(topic, 0, start, offsets->second, deadline,
                                              [&](const LogRecord& record) {
                                                records.emplace_back(record.value.value_or(""));
                                                return true;
                                              });
  if (!status.ok()) return status.error();
  return records;
}

void Engine::close() {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    settled_.notify_all();
    settled_.wait(lock, [this] { return queue_.empty() && under_way_ == 0; });
    if (closed_) return;
    closed_ = true;
  }
  settled_.notify_all();
  static_cast<void>(all([](Partition& partition) {  // each waits for its disk and its connections
    partition.close();
    return Status();
  }));
  // A view that is still held keeps its files open, and writes none.
  lock_.reset();
}

KafkaStats Engine::stats() const {
  const Counters& counters = common_->counters;
  KafkaStats out;
  out.transactions = counters.transactions;
  out.failed = counters.failed;
  out.fenced = counters.fenced;
  out.producers = counters.producers;
  out.records = counters.records;
  out.bytes = counters.bytes;
  out.produce_us = counters.produce_us;
  out.end_us = counters.end_us;
  out.store_us = counters.store_us;
  out.replayed = counters.replayed;
  out.replayed_rows = counters.replayed_rows;
  const StoreMemory memory = cache_->memory();
  out.cache_bytes = memory.cache_bytes;
  out.memtables_bytes = memory.memtables_bytes;
  common_->pruner->look();
  out.troubles = common_->base.troubles();
  return out;
}

}  // namespace kafka

runtime::Result<std::unique_ptr<KafkaEngine>> open_kafka(const KafkaOptions& options) {
  using runtime::Status;
  if (Status status = kafka::check_options(options); !status.ok()) return status.error();
  if (Status status = make_directories(options.data_dir); !status.ok()) return status.error();
  auto lock = DirectoryLock::acquire(options.data_dir + "/LOCK", false);
  if (!lock.ok()) return lock.error();
  auto common = std::make_unique<kafka::Common>(options);
  auto asker = kafka::Client::make(RD_KAFKA_CONSUMER, common->base,
                                   kafka::consumer_settings(common->base, false), 0);
  if (!asker.ok()) return asker.error();
  common->asker = std::move(*asker);
  const kafka::Deadline deadline(options.transaction_timeout);
  if (Status status = kafka::check_link(common->base, deadline); !status.ok()) {
    return status.error();
  }
  auto identity = kafka::find_identity(common->base, *common->asker, common->readers, deadline);
  if (!identity.ok()) return identity.error();
  if (Status status = kafka::check_folder(options.data_dir, *identity); !status.ok()) {
    return status.error();
  }
  Status made = kafka::make_topics(common->base, *common->asker, kafka::declared_topics(),
                                   identity->partitions, deadline);
  if (!made.ok()) return made.error();
  common->inbox =
      std::make_unique<kafka::InboxLog>(common->base, identity->partitions, common->readers);
  common->pruner =
      std::make_unique<kafka::InboxPruner>(common->base, *common->asker, identity->partitions);
  common->outputs =
      std::make_unique<kafka::OutputTopics>(common->base, *common->asker, common->readers);
  auto engine =
      std::make_unique<kafka::Engine>(std::move(common), std::move(*lock), std::move(*identity));
  if (Status status = engine->start(); !status.ok()) return status.error();
  return std::unique_ptr<KafkaEngine>(std::move(engine));
}

}  // namespace laurel::adapters
