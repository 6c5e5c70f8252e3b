#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "dead_letters.h"
#include "laurel/runtime/topics.h"
#include "partition_impl.h"
#include "wire.h"

namespace laurel::runtime {

using namespace internal;

namespace {
// Reasons are words in code, so there are few; the bound is for an actor that makes them up.
constexpr std::size_t kReasonsMax = 100;

constexpr std::uint32_t kRefusalsMax = 5;  // in a row, of a commit that holds no work

bool is_piece(const Handled& handled) { return handled.work.kind() != Work::Kind::kBarrier; }

std::size_t pieces_of(const std::vector<Handled>& handled) {
  return static_cast<std::size_t>(std::ranges::count_if(handled, is_piece));
}

/// To who waits for an order or at a barrier.
void answer(const Work& work, bool done) {
  if (work.kind() == Work::Kind::kOrder && work.order().done) work.order().done(done);
  if (work.kind() == Work::Kind::kBarrier) (*work.barrier())(done);
}

}  // namespace

void PartitionImpl::dead_letter(contract::DeadLetter letter) {
  letter.set_recorded_time_us(now_us_);
  OpenCommit& open = layers_.open;
  ++open.dead_letters[open.dead_letters.size() < kReasonsMax ? letter.reason() : "other"];
  open.emit({kTopicDeadLetters, open.bytes.keep(letter.subject()), "laurel.event.rejected.v1",
             keep_message(open.bytes, letter), now_us_});
}

void PartitionImpl::undelivered(const Turns::Undelivered& message, const Origin& origin) {
  dead_letter(message_letter(origin.cause, message.type, message.message,
                             {message.code, message.detail, message.actor}));
}

std::shared_ptr<const Commit> PartitionImpl::seal() {
  LAUREL_ASSERT(!in_flight() && open());
  const CommitNumber number = last_commit + 1;
  turns_.write_dirty(number);
  if (inbox_.empty() && !inbox_unread_ && narrowing_.left.empty()) {
    backfills_.inbox_drained(!layers_.open.outbox.has(id));
  }
  backfills_.write(layers_.open);
  auto commit = std::make_shared<Commit>();
  commit->partition = id;
  commit->number = number;
  commit->epoch = epoch;
  commit->catalog_version = turns_.catalog().newest().number();
  layers_.seal(commit);
  in_flight_handled_ = std::move(layers_.open.handled);
  in_flight_events_ = layers_.open.events;
  const std::size_t count = in_flight_handled_.size();
  in_flight_letters_ = std::move(layers_.open.dead_letters);
  watermark_in_flight_ = watermark_;
  clear_open();
  layers_.open.handled.reserve(count);  // the next one is of about that size
  sealed_at_us_ = now_us_;
  return commit;
}

void PartitionImpl::clear_open() {
  layers_.open.clear();
  input_ = {};
  share_used_ = applied_ = 0;
  positions_since_us_ = 0;
  positions_due_ = false;
  dropped_some_ = false;
}

Partition::Next PartitionImpl::on_outcome(CommitNumber number, Outcome outcome) {
  LAUREL_ASSERT(in_flight() && layers_.in_flight->number == number);
  switch (outcome) {
    case Outcome::kDurable: {
      last_commit = number;
      for (const auto& [input, position] : layers_.in_flight->positions) {
        positions_[input] = position;
      }
      input_ = {};  // that it had none durable does not hold any more
      for (const InboxRecord& record : layers_.in_flight->inbox) {
        inbox_unread_ = inbox_unread_ || record.target == id;
      }
      layers_.in_flight.reset();
      turns_.settle(number);
      ++counters.commits;
      refusals_ = 0;
      const std::vector<Handled> handled = std::move(in_flight_handled_);
      in_flight_handled_.clear();
      in_flight_events_ = 0;
      for (const auto& [reason, letters] : in_flight_letters_) {
        counters.dead_letters[reason] += letters;
      }
      backfills_.settle();
      if (narrowing_.on()) narrowing_.durable(pieces_of(handled));
      watermark_durable_ = watermark_in_flight_;
      finish(handled);
      turns_.passivate(now_us_, last_commit);
      return Partition::Next::kContinue;
    }
    case Outcome::kAborted:
      reload(false);
      return Partition::Next::kContinue;
    case Outcome::kRejected:
      reload(true);
      return Partition::Next::kContinue;
    case Outcome::kUnknown:
      return Partition::Next::kTakeOver;
    case Outcome::kFenced:
    case Outcome::kStoreFailed:
      return Partition::Next::kStop;
  }
  return Partition::Next::kStop;
}

// What is refused is tried once more, before all else: the first time may have been of a moment.
// Then what of it is refused is looked for.
void PartitionImpl::blame() {
  const auto lost = [&](const char* what) {
    layers_.fail({ErrorCode::kStoreFailed, "a commit of partition " + std::to_string(id) +
                                               " is refused again and again, " + what});
  };
  const std::size_t pieces = pieces_of(in_flight_handled_);
  if (pieces == 0) {
    if (++refusals_ > kRefusalsMax) lost("and holds no work to blame");
    return;
  }
  if (!narrowing_.on()) return narrowing_.again(pieces);
  if (pieces == 1) {
    Work& found = std::ranges::find_if(in_flight_handled_, is_piece)->work;
    if (found.poison()) return lost("though it holds but the dead letter of what was refused");
    if (found.kind() == Work::Kind::kOrder) return lost("for an order, which all have to follow");
    found.make_poison();
  }
  narrowing_.refused(pieces);
}

void PartitionImpl::reload(bool content) {
  ++counters.aborts;
  if (content) blame();
  // Back into the queues in the old order: first the commit's, then what ran after it.
  for (auto* handled : {&layers_.open.handled, &in_flight_handled_}) {
    for (Handled& each : std::views::reverse(*handled)) {
      Work& work = each.work;
      if (work.kind() == Work::Kind::kBarrier) {
        // What it waited for runs again, so it waits again.
        wait_at(work.barrier());
      } else {
        // Of the open commit is nothing while suspects are in flight.
        const bool suspect = narrowing_.on() && handled == &in_flight_handled_;
        (suspect ? narrowing_.left : queue_of(work)).push_front(std::move(work));
      }
    }
    handled->clear();
  }
  in_flight_events_ = 0;
  watermark_ = watermark_durable_;
  turns_.drop_since(last_commit + 1);
  backfills_.revert();
  clear_open();
  layers_.in_flight.reset();
  catalog_audited_ = 0;
  timers_unread_ = true;
}

void PartitionImpl::resolve(const Recovered& recovered) {
  LAUREL_ASSERT(in_flight());
  epoch = recovered.epoch;
  if (recovered.last_commit >= layers_.in_flight->number) {
    (void)on_outcome(layers_.in_flight->number, Outcome::kDurable);
  } else {
    reload(false);
  }
}

void PartitionImpl::count(EventStatus status) {
  switch (status) {
    case EventStatus::kAccepted:
      ++counters.accepted;
      break;
    case EventStatus::kDuplicate:
      ++counters.duplicates;
      break;
    case EventStatus::kConflict:
      ++counters.conflicts;
      break;
    case EventStatus::kRejected:
      ++counters.rejected;
      break;
    case EventStatus::kStaged:
      ++counters.staged;
      break;
    case EventStatus::kPending:
      break;
  }
}

void PartitionImpl::finish(const std::vector<Handled>& handled) {
  for (const auto& [work, status, refusal] : handled) {
    answer(work, true);
    counters.messages += work.kind() == Work::Kind::kMessage ? 1 : 0;
    counters.timers += work.kind() == Work::Kind::kTimer ? 1 : 0;
    if (!work.is_event()) continue;
    QueuedBatch& batch = work.batch();
    Submission& submission = *batch.batch.submission;
    EventResult& result = submission.results[work.event().index];
    result = refusal ? *refusal : EventResult();
    result.status = status;
    result.partition = id;
    result.commit = last_commit;
    count(status);
    if (on_durable && batch.way != QueuedBatch::Way::kApply) on_durable(submission, status);
    if (--batch.left == 0) submission.finish_one();
  }
}

void PartitionImpl::abandon() {
  std::vector<Work> left;
  for (auto* handled : {&in_flight_handled_, &layers_.open.handled}) {
    for (Handled& each : *handled) left.push_back(std::move(each.work));
    handled->clear();
  }
  in_flight_events_ = 0;
  for (auto* queue :
       {&narrowing_.left, &orders_, &events_, &staging_, &sorted_, &applying_, &inbox_, &timers_}) {
    std::ranges::move(*queue, std::back_inserter(left));
    queue->clear();
  }
  for (auto& barrier : barriers_) (*barrier)(false);
  barriers_.clear();
  turns_.drop_since(last_commit + 1);
  backfills_.revert();
  clear_open();
  layers_.in_flight.reset();
  for (const Work& work : left) {
    answer(work, false);
    if (!work.is_event()) continue;
    if (--work.batch().left == 0) work.batch().batch.submission->finish_one();
  }
}

}  // namespace laurel::runtime
