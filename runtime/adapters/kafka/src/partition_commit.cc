// A commit of a partition: what of it goes where, its transaction, and what an unclear end means.
#include "partition_commit.h"

#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "laurel/runtime/failpoint.h"
#include "laurel/runtime/read_ahead.h"
#include "partition.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Commit;
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

}  // namespace

PartitionRecord Partition::after(const Commit& commit) const {
  PartitionRecord next = record();
  next.number = commit.number;
  next.catalog_version = commit.catalog_version;
  for (const auto& [input, position] : commit.positions) next.positions[input] = position;
  next.inbox_low = common_.inbox->low(id_, commit.inbox_finished);
  for (const runtime::Output& record : commit.outputs) {
    auto end = next.topic_ends.find(record.topic);
    if (end == next.topic_ends.end()) end = next.topic_ends.emplace(record.topic, 0).first;
    ++end->second;
  }
  return next;
}

// Rows with keys of their own as they are, those of logs and of the journal packed.
void Partition::produce_rows(const Commit& commit, Sent& sent) {
  std::string keys;
  std::size_t keys_bytes = 0, single = 0;
  for (const runtime::Row& row : commit.rows) {
    if (travels_packed(row.space)) continue;
    keys_bytes += kRowKeyPrefixBytes + row.key.size();
    ++single;
  }
  keys.reserve(keys_bytes);
  std::vector<rd_kafka_message_t> records;
  records.reserve(single);
  std::vector<rd_kafka_message_t> chunks;
  std::string* packed = nullptr;
  for (std::size_t i = 0; i < commit.rows.size(); ++i) {
    const runtime::Row& row = commit.rows[i];
    runtime::read_ahead(commit.rows, i);
    if (travels_packed(row.space)) {
      if (packed == nullptr) packed = &sent.values.emplace_back();
      pack_row(*packed, row);
      const bool last = i + 1 == commit.rows.size() || commit.rows[i + 1].space != row.space;
      if (!last && packed->size() < kPackedBytesMax) continue;
      const std::string& key = sent.values.emplace_back(
          packed_record_key(row.space, commit.number, static_cast<std::uint32_t>(chunks.size())));
      chunks.push_back(Producer::record(key, *packed));
      packed = nullptr;
      continue;
    }
    const std::size_t at = keys.size();
    append_row_record_key(keys, row.space, row.key);
    records.push_back(Producer::record(std::string_view(keys).substr(at), row.value));
  }
  LAUREL_ASSERT(keys.size() == keys_bytes);  // or they have moved
  records.insert(records.end(), chunks.begin(), chunks.end());
  producer_->add(producer_->topic(topic_name(common_.base, kChangelogTopic)), id_, records);
}

void Partition::produce_outputs(const Commit& commit, Sent& sent) {
  struct Topic {
    rd_kafka_topic_t* handle = nullptr;
    RecordHeaders headers;
  };
  const PartitionRecord before = record();
  std::map<std::string_view, Topic> topics;
  for (std::size_t i = 0; i < commit.outputs.size(); ++i) {
    const runtime::Output& output = commit.outputs[i];
    runtime::read_ahead(commit.outputs, i);
    auto topic = topics.find(output.topic);
    if (topic == topics.end()) {
      const auto end = before.topic_ends.find(output.topic);
      const std::uint64_t next = end == before.topic_ends.end() ? 0 : end->second;
      topic = topics
                  .try_emplace(output.topic,
                               Topic{producer_->topic(topic_name(common_.base, output.topic)),
                                     {common_.base, output.topic, id_, next}})
                  .first;
      sent.outputs.push_back({output.topic, next, producer_->count()});
    }
    producer_->add(topic->second.handle, id_, output.key, output.value,
                   topic->second.headers.next(output));
  }
}

// In the order: rows, messages, records, and the commit record behind all others.
void Partition::produce(const Commit& commit, const PartitionRecord& next, Sent& sent) {
  produce_rows(commit, sent);
  rd_kafka_topic_t* const inbox = producer_->topic(topic_name(common_.base, kInboxTopic));
  std::uint32_t chunk = 0;
  for (const runtime::InboxRecord& message : commit.inbox) {
    sent.inbox.push_back(producer_->count());
    producer_->add(inbox, message.target, inbox_record_key(id_, commit.number, chunk++),
                   message.value);
  }
  produce_outputs(commit, sent);
  if (commit.rows.empty()) sent.first_row = producer_->count();
  producer_->add(producer_->topic(topic_name(common_.base, kChangelogTopic)), id_, kCommitKey,
                 sent.values.emplace_back(encode_record(next)));
}

Outcome Partition::commit(const std::shared_ptr<const Commit>& commit) {
  if (producer_ != nullptr && producer_->disturbed()) producer_.reset();
  if (producer_ == nullptr) return Outcome::kUnknown;
  const auto began = Clock::now();
  const Deadline deadline(common_.base.options.transaction_timeout);
  auto sent = std::make_shared<Sent>();
  auto sending = std::make_unique<Sending>(*common_.inbox, *commit);
  const PartitionRecord next = after(*commit);
  producer_->begin({commit, sent});
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
  // Between two transactions of the same owner is the marker of the first, and nothing else; it may
  // have been read over already. What others wrote in between is read by everybody else, so it is
  // read here, too.
  const std::int64_t next_offset = store_->changelog_next();
  const std::int64_t markers = next_offset == written_to_ ? 1 : 0;
  const bool alone = sent.offsets[sent.first_row] == next_offset + markers;
  written_to_ = sent.offsets.back() + 1;
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
