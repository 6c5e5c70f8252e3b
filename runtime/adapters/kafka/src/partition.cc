#include "partition.h"

#include <utility>

#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/disk/wire.h"
#include "laurel/runtime/failpoint.h"
#include "laurel/runtime/topics.h"
#include "partition_commit.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

std::vector<std::string> written_topics(const ClientBase& base) {
  std::vector<std::string> out = {topic_name(base, kChangelogTopic), topic_name(base, kInboxTopic)};
  for (const std::string_view topic : runtime::kTopics) out.push_back(topic_name(base, topic));
  return out;
}

}  // namespace

Common::Common(const KafkaOptions& options)
    : base(options), owner(Reader(system_random(8)).u64()) {}

Partition::Partition(Common& common, runtime::PartitionId id) : common_(common), id_(id) {}
Partition::~Partition() = default;

std::string Partition::transactional_id() const {
  return common_.base.options.cluster + "." + std::to_string(id_);
}

PartitionRecord Partition::record() const {
  const std::lock_guard lock(mutex_);
  return record_;
}

std::shared_ptr<const PartitionStore> Partition::store() const {
  const std::lock_guard lock(mutex_);
  return store_;
}

void Partition::close() {
  std::shared_ptr<PartitionStore> store;
  {
    const std::lock_guard lock(mutex_);
    store = std::move(store_);
    store_ = nullptr;
  }
  if (store == nullptr) return;
  // Only makes the next start shorter. As long as it is owned it is as new as can be.
  if (producer_ != nullptr && expected_ == store->record().epoch) {
    static_cast<void>(store->write_record(store->record(), store->changelog_next()).ok());
  }
  producer_.reset();
  static_cast<void>(store->flush().ok());
}

void Partition::set_record(PartitionRecord record) {
  const std::lock_guard lock(mutex_);
  record_ = std::move(record);
}

Status Partition::open(const StoreOptions& options) {
  auto store = PartitionStore::open(options, id_, common_.base);
  if (!store.ok()) return store.error();
  const std::lock_guard lock(mutex_);
  store_ = std::move(*store);
  record_ = store_->record();
  return {};
}

Status Partition::fence(const Deadline& deadline) {
  producer_.reset();
  auto producer =
      Producer::make(common_.base, transactional_id(), written_topics(common_.base), deadline);
  if (!producer.ok()) return producer.error();
  ++common_.counters.producers;
  producer_ = std::move(*producer);
  fresh_ = true;
  return {};
}

Status Partition::replay() {
  for (;;) {
    const std::int64_t before = store_->changelog_next();
    Status status = replay_some(true);
    const bool away = !status.ok() && status.error().code == ErrorCode::kUnavailable;
    if (!away || store_->changelog_next() == before) return status;
  }
}

Status Partition::read_ahead() { return replay_some(false); }

Status Partition::replay_some(bool to_its_end) {
  const Deadline deadline(common_.base.options.transaction_timeout);
  const std::string topic = topic_name(common_.base, kChangelogTopic);
  const auto offsets = offsets_of(*common_.asker, topic, id_, deadline);
  if (!offsets.ok()) return offsets.error();
  const std::int64_t from = store_->changelog_next();
  if (from < offsets->first || from > offsets->second) {
    return Error{ErrorCode::kDataLost,
                 topic + "/" + std::to_string(id_) + " has offsets " +
                     std::to_string(offsets->first) + " to " + std::to_string(offsets->second) +
                     ", but the snapshot has read it to " + std::to_string(from) +
                     ": the topic was made anew or has lost data; nothing was changed"};
  }
  std::int64_t end = offsets->second;
  if (!to_its_end) {
    const auto readable = common_.readers.readable_end(topic, id_, deadline);
    if (!readable.ok()) return readable.error();
    end = *readable;
  }
  Status failure;
  std::uint64_t rows = 0;
  store_->begin_replay();
  Status status =
      common_.readers.read(topic, id_, from, end, deadline, [&](const LogRecord& record) {
        ++common_.counters.replayed;
        failure = store_->replay(record, rows);
        if (unresolved_ != nullptr && store_->record().number == unresolved_->commit->number &&
            store_->record().epoch == unresolved_->commit->epoch) {
          unresolved_->happened = true;
        }
        return failure.ok();
      });
  common_.counters.replayed_rows += rows;
  if (!status.ok()) return status;
  if (!failure.ok()) return failure;
  if (Status done = store_->replayed_to(end); !done.ok()) return done;
  set_record(store_->record());
  return {};
}

Status Partition::load_inbox(const Deadline& deadline) {
  if (common_.inbox->loaded(id_)) return {};
  const std::string topic = topic_name(common_.base, kInboxTopic);
  const auto offsets = offsets_of(*common_.asker, topic, id_, deadline);
  if (!offsets.ok()) return offsets.error();
  const PartitionRecord known = record();
  if (known.inbox_low < offsets->first || known.inbox_low > offsets->second) {
    return Error{ErrorCode::kDataLost,
                 topic + "/" + std::to_string(id_) + " has offsets " +
                     std::to_string(offsets->first) + " to " + std::to_string(offsets->second) +
                     ", and what waits begins at " + std::to_string(known.inbox_low) +
                     ": the topic was made anew or has lost data; nothing was changed"};
  }
  return common_.inbox->load(id_, known.inbox_low, offsets->second, known.positions, deadline);
}

runtime::Result<runtime::Recovered> Partition::own(const Deadline& deadline) {
  if (ready_) {
    const runtime::Recovered ready = std::move(*ready_);
    ready_.reset();
    return ready;
  }
  if (producer_ == nullptr || !fresh_) {
    if (Status status = fence(deadline); !status.ok()) return status.error();
  }
  LAUREL_FAILPOINT("kafka.take_over.after_fence");
  if (Status status = replay(); !status.ok()) return status.error();
  resolve();
  PartitionRecord next = record();
  if (expected_ && next.epoch > *expected_ && next.owner != common_.owner) {
    // It was fenced before it could read by whom. That one notices that it was fenced by this,
    // finds no higher epoch, and goes on.
    expected_.reset();
    producer_.reset();
    return Error{ErrorCode::kFenced,
                 "partition " + std::to_string(id_) + ": another node has taken it over"};
  }
  expected_ = next.epoch;
  ++next.epoch;
  next.owner = common_.owner;
  fresh_ = false;
  const auto bytes = std::make_shared<const std::string>(encode_record(next));
  producer_->begin({bytes});
  producer_->add(producer_->topic(topic_name(common_.base, kChangelogTopic)), id_, kCommitKey,
                 *bytes);
  if (producer_->finish(deadline) != Producer::End::kCommitted) {
    const std::optional<Error> refusal = producer_->refusal();
    producer_.reset();  // fenced or not, and whether it happened: the changelog says
    if (refusal) return *refusal;
    return Error{ErrorCode::kUnavailable,
                 "partition " + std::to_string(id_) + " could not be taken over"};
  }
  LAUREL_FAILPOINT("kafka.take_over.after_record");
  written_to_ = producer_->offsets().back() + 1;
  if (Status status = store_->write_record(next, written_to_); !status.ok()) {
    return status.error();
  }
  common_.inbox->finish_up_to(id_, next.positions);
  set_record(next);
  expected_ = next.epoch;
  return runtime::Recovered{next.epoch, next.number, next.positions};
}

Status Partition::make_ready(const Deadline& deadline) {
  // As much as can be read before anybody is fenced: whoever owns it until then goes on.
  if (Status status = read_ahead(); !status.ok()) return status;
  auto recovered = own(deadline);
  if (!recovered.ok()) return recovered.error();
  ready_ = std::move(*recovered);
  return {};
}

}  // namespace laurel::adapters::kafka
