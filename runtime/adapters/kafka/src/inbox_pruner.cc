#include "inbox_pruner.h"

#include <array>

#include "link.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

constexpr Milliseconds kAnswerWithin{30'000};

using Request = Owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>;

}  // namespace

InboxPruner::InboxPruner(const ClientBase& base, Client& client, std::uint16_t partitions)
    : base_(base),
      client_(client),
      topic_(topic_name(base, kInboxTopic)),
      answers_(rd_kafka_queue_new(client.get())),
      inboxes_(partitions),
      next_(Clock::now() + base.options.inbox_prune_interval) {}

void InboxPruner::note(runtime::PartitionId partition, std::int64_t low) {
  const std::lock_guard lock(mutex_);
  inboxes_[partition].low = low;
  look_locked();
}

void InboxPruner::look() {
  const std::lock_guard lock(mutex_);
  look_locked();
}

void InboxPruner::look_locked() {
  hear_locked();
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + base_.options.inbox_prune_interval;
  ask_locked();
}

void InboxPruner::ask_locked() {
  const Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(inboxes_.size())));
  for (std::size_t id = 0; id < inboxes_.size(); ++id) {
    Inbox& inbox = inboxes_[id];
    if (inbox.low <= inbox.asked) continue;
    rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), static_cast<int>(id))->offset =
        inbox.low;
    inbox.asked = inbox.low;
  }
  if (offsets->cnt == 0) return;
  std::array<char, 512> why{};
  const Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy> options(
      rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_DELETERECORDS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(kAnswerWithin.count()),
                                            why.data(), why.size());
  const Request request(rd_kafka_DeleteRecords_new(offsets.get()));
  rd_kafka_DeleteRecords_t* wanted = request.get();
  rd_kafka_DeleteRecords(client_.get(), &wanted, 1, options.get(), answers_.get());
}

// Of what was asked for before. What failed is asked for again.
void InboxPruner::hear_locked() {
  while (const Event event{rd_kafka_queue_poll(answers_.get(), 0)}) {
    rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
    const auto* result = rd_kafka_event_DeleteRecords_result(event.get());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && result != nullptr) {
      const auto* offsets = rd_kafka_DeleteRecords_result_offsets(result);
      for (int i = 0; i < offsets->cnt; ++i) {
        const rd_kafka_topic_partition_t& each = offsets->elems[i];
        if (each.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          Inbox& inbox = inboxes_[static_cast<std::size_t>(each.partition)];
          inbox.deleted = inbox.asked;
        } else {
          code = each.err;
        }
      }
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      hear_failure_locked(code);
      continue;
    }
    said_ = false;
    base_.no_trouble(topic_);
  }
}

// A broker that is away comes back: only for a right that is missing somebody has to do something.
void InboxPruner::hear_failure_locked(rd_kafka_resp_err_t code) {
  for (Inbox& inbox : inboxes_) inbox.asked = inbox.deleted;
  const std::string what =
      refused_or_away("deleting what is finished in " + topic_, code, {"Delete", "topic", topic_})
          .message +
      "; nothing is lost, the topic grows";
  if (!said_) base_.say(true, what);
  said_ = true;
  if (lacks_right(code)) base_.trouble(topic_, what);
}

}  // namespace laurel::adapters::kafka
