#include "partition.h"

#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "laurel/adapters/disk/directory.h"
#include "laurel/adapters/disk/wire.h"
#include "laurel/runtime/failpoint.h"
#include "laurel/runtime/topics.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Commit;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Outcome;
using runtime::Status;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPackedBytesMax = std::size_t{256} << 10;
// For whoever fenced us to write that it owns the partition now.
constexpr Milliseconds kFencedPause{500};

std::uint64_t micros_since(Clock::time_point from) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - from).count());
}

std::vector<std::string> written_topics(const ClientBase& base) {
  std::vector<std::string> out = {topic_name(base, kChangelogTopic), topic_name(base, kInboxTopic)};
  for (const std::string_view topic : runtime::kTopics) out.push_back(topic_name(base, topic));
  return out;
}

Deadline transaction_deadline(const ClientBase& base) {
  return Deadline(base.options.transaction_timeout);
}

}  // namespace

/// Where in a transaction its messages and records are, by index, and in the end where in the log.
struct Partition::Sent {
  std::size_t first_row = 0;       ///< the first in the changelog
  std::vector<std::size_t> inbox;  ///< of commit.inbox
  struct First {
    std::string_view topic;
    std::uint64_t number = 0;
    std::size_t index = 0;
  };
  std::vector<First> outputs;  ///< the first of each topic
  std::vector<std::int64_t> offsets;
};

/// Says to the inboxes that something is on its way, as long as it is not known to have arrived.
class Partition::Sending {
 public:
  Sending(InboxLog& inbox, const Commit& commit) : inbox_(inbox) {
    for (const runtime::InboxRecord& record : commit.inbox) {
      bounds_.emplace_back(record.target, inbox_.begin_sending(record.target));
    }
  }
  ~Sending() {
    for (const auto& [target, bound] : bounds_) inbox_.end_sending(target, bound);
  }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

 private:
  InboxLog& inbox_;
  std::vector<std::pair<runtime::PartitionId, std::int64_t>> bounds_;
};

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
  const Deadline deadline = transaction_deadline(common_.base);
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
  producer_->begin();
  producer_->add(topic_name(common_.base, kChangelogTopic), id_, kCommitKey, encode_record(next));
  if (producer_->finish(deadline) != Producer::End::kCommitted) {
    const std::optional<Error> refusal = producer_->refusal();
    producer_.reset();  // fenced or not, and whether it happened: the changelog says
    if (refusal) return *refusal;
    return Error{ErrorCode::kUnavailable,
                 "partition " + std::to_string(id_) + " could not be taken over"};
  }
  LAUREL_FAILPOINT("kafka.take_over.after_record");
  if (Status status = store_->write_record(next, producer_->offsets().back() + 1); !status.ok()) {
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

PartitionRecord Partition::after(const Commit& commit) const {
  PartitionRecord next = record();
  next.number = commit.number;
  next.catalog_version = commit.catalog_version;
  for (const auto& [input, position] : commit.positions) next.positions[input] = position;
  next.inbox_low = common_.inbox->low(id_, commit.inbox_finished);
  for (const runtime::OutputRecord& record : commit.outputs) {
    auto end = next.topic_ends.find(record.topic);
    if (end == next.topic_ends.end()) end = next.topic_ends.emplace(record.topic, 0).first;
    ++end->second;
  }
  return next;
}

// In the order: rows, messages, records, and the commit record behind all others.
void Partition::produce(const Commit& commit, const PartitionRecord& next, Sent& sent) {
  const std::string changelog = topic_name(common_.base, kChangelogTopic);
  const std::string inbox = topic_name(common_.base, kInboxTopic);
  std::size_t index = 0;
  const auto add = [&](const std::string& topic, int partition, std::string_view key,
                       std::optional<std::string_view> value,
                       rd_kafka_headers_t* headers = nullptr) {
    producer_->add(topic, partition, key, value, headers);
    return index++;
  };
  std::string packed;
  std::uint32_t chunk = 0;
  const auto flush = [&](runtime::Space space) {
    if (packed.empty()) return;
    add(changelog, id_, packed_record_key(space, commit.number, chunk++), packed);
    packed.clear();
  };
  for (std::size_t i = 0; i < commit.rows.size(); ++i) {
    const runtime::Row& row = commit.rows[i];
    if (travels_packed(row.space)) {
      pack_row(packed, row);
      const bool last = i + 1 == commit.rows.size() || commit.rows[i + 1].space != row.space;
      if (last || packed.size() >= kPackedBytesMax) flush(row.space);
      continue;
    }
    std::optional<std::string_view> value;
    if (row.value) value = *row.value;
    add(changelog, id_, row_record_key(row.space, row.key), value);
  }
  chunk = 0;
  for (const runtime::InboxRecord& message : commit.inbox) {
    sent.inbox.push_back(
        add(inbox, message.target, inbox_record_key(id_, commit.number, chunk++), message.value));
  }
  struct Topic {
    std::string name;
    std::uint64_t next = 0;
  };
  const PartitionRecord before = record();
  std::map<std::string_view, Topic> topics;
  for (const runtime::OutputRecord& output : commit.outputs) {
    const auto [topic, first] = topics.try_emplace(output.topic);
    if (first) {
      const auto end = before.topic_ends.find(output.topic);
      topic->second.next = end == before.topic_ends.end() ? 0 : end->second;
      topic->second.name = topic_name(common_.base, output.topic);
      sent.outputs.push_back({output.topic, topic->second.next, index});
    }
    add(topic->second.name, id_, output.key, output.value,
        headers_of(common_.base, output, id_, topic->second.next++));
  }
  const std::size_t last = add(changelog, id_, kCommitKey, encode_record(next));
  if (commit.rows.empty()) sent.first_row = last;
}

Outcome Partition::commit(const std::shared_ptr<const Commit>& commit) {
  if (producer_ != nullptr && producer_->disturbed()) producer_.reset();
  if (producer_ == nullptr) return Outcome::kUnknown;
  const auto began = Clock::now();
  const Deadline deadline = transaction_deadline(common_.base);
  auto sent = std::make_unique<Sent>();
  auto sending = std::make_unique<Sending>(*common_.inbox, *commit);
  const PartitionRecord next = after(*commit);
  producer_->begin();
  LAUREL_FAILPOINT("kafka.commit.after_begin");
  produce(*commit, next, *sent);
  LAUREL_FAILPOINT("kafka.commit.after_produce");
  if (producer_->acknowledged(deadline)) LAUREL_FAILPOINT("kafka.commit.before_end");
  common_.counters.produce_us += micros_since(began);
  const auto acknowledged = Clock::now();
  const Producer::End end = producer_->finish(deadline);
  common_.counters.end_us += micros_since(acknowledged);
  sent->offsets = producer_->offsets();
  if (end == Producer::End::kTooLarge) {
    ++common_.counters.failed;
    return Outcome::kRejected;
  }
  // As long as it is open, nobody may take what it sent for finished: `sending` stays.
  unresolved_ =
      std::make_unique<Unresolved>(Unresolved{commit, std::move(sent), std::move(sending), false});
  if (end == Producer::End::kCommitted) {
    LAUREL_FAILPOINT("kafka.commit.after_end");
    ++common_.counters.transactions;
    common_.counters.records += producer_->offsets().size();
    common_.counters.bytes += producer_->bytes();
    return settle(next);
  }
  ++common_.counters.failed;
  producer_.reset();
  return end == Producer::End::kFenced ? fenced() : Outcome::kUnknown;
}

// After a replay that began when nothing of it was under way any more. Its messages are where they
// were acknowledged: it is only ended when all are.
void Partition::resolve() {
  if (unresolved_ == nullptr) return;
  if (unresolved_->happened) tell(*unresolved_->commit, *unresolved_->sent);
  unresolved_.reset();
}

Outcome Partition::settle(const PartitionRecord& next) {
  const auto began = Clock::now();
  const Sent& sent = *unresolved_->sent;
  // Between two transactions of the same owner is the marker of the first, and nothing else. What
  // others wrote in between is read by everybody else, so it is read here, too.
  const bool alone = sent.offsets[sent.first_row] == store_->changelog_next() + 1;
  if (!alone) {
    common_.base.say(true, "the changelog of partition " + std::to_string(id_) +
                               " has records that are not of its owner, or of a transaction that "
                               "was given up; it is read again");
  }
  const Status status =
      alone ? store_->write(*unresolved_->commit, next, sent.offsets.back() + 1) : replay();
  common_.counters.store_us += micros_since(began);
  if (!status.ok() && status.error().code == ErrorCode::kUnavailable) {
    producer_.reset();
    return Outcome::kUnknown;
  }
  // Whatever became of the snapshot, the commit is durable: its messages have to arrive.
  unresolved_->happened = true;
  resolve();
  if (!status.ok()) {
    common_.base.say(true, status.error().message);
    return Outcome::kStoreFailed;
  }
  LAUREL_FAILPOINT("kafka.commit.after_store");
  set_record(store_->record());
  common_.pruner->note(id_, store_->record().inbox_low);
  return Outcome::kDurable;
}

void Partition::tell(const Commit& commit, const Sent& sent) {
  for (std::size_t i = 0; i < commit.inbox.size(); ++i) {
    const runtime::InboxRecord& message = commit.inbox[i];
    common_.inbox->note({message.target, sent.offsets[sent.inbox[i]],
                         inbox_record_key(id_, commit.number, static_cast<std::uint32_t>(i)),
                         message.value});
  }
  common_.inbox->finish(id_, commit.inbox_finished);
  for (const Sent::First& first : sent.outputs) {
    common_.outputs->note(first.topic, id_, first.number, sent.offsets[first.index]);
  }
}

// A broker that gave up a slow transaction says the same as one that has a new owner: only the
// changelog tells them apart.
Outcome Partition::fenced() {
  ++common_.counters.fenced;
  std::this_thread::sleep_for(kFencedPause);
  const runtime::Epoch epoch = unresolved_->commit->epoch;
  const Status status = replay();
  const bool happened = unresolved_->happened;
  const PartitionRecord now = record();
  const bool other = status.ok() && now.epoch > epoch && now.owner != common_.owner;
  if (!happened && !other) return Outcome::kUnknown;
  resolve();
  return happened ? Outcome::kDurable : Outcome::kFenced;
}

}  // namespace laurel::adapters::kafka
