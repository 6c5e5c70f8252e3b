#include "laurel/runtime/partition.h"

#include <algorithm>

#include "partition_impl.h"

namespace laurel::runtime {

using namespace internal;

namespace {

// Events looked at per round of reads: large enough to share the store's work, small enough to fill
// an open commit without passing its limit by much.
constexpr std::size_t kRoundEvents = 512;
constexpr std::size_t kBackfillShare = 64;  // of a commit, when live events wait
// Of a commit: what is read from the store is bounded by no sender's credits, and stays in memory
// until its commit is durable.
constexpr std::size_t kAppliedMax = 1000;
constexpr std::int64_t kQuietUs = 10'000'000;  // without a commit: the memory of the last goes
constexpr std::int64_t kPositionsWaitUs = 2'000'000;  // without an event that takes them along

}  // namespace

PartitionImpl::PartitionImpl(PartitionId partition, const Partition::Ports& ports,
                             std::shared_ptr<const Catalog> catalog,
                             const PartitionOptions& options)
    : id(partition),
      ports_(ports),
      options_(options),
      layers_(ports.engine, partition),
      turns_(partition, ports_, std::move(catalog), options_, layers_, counters),
      watermark_(options.lateness_us, options.skew_us),
      watermark_in_flight_(watermark_),
      watermark_durable_(watermark_) {}

void PartitionImpl::start(const Recovered& recovered) {
  epoch = recovered.epoch;
  last_commit = recovered.last_commit;
  turns_.settle(last_commit);
  positions_ = recovered.positions;
  inbox_read_ = recovered.positions;
  backfills_.load(layers_);
}

void PartitionImpl::take(EventBatch batch) {
  auto queued = std::make_shared<QueuedBatch>();
  queued->batch = std::move(batch);
  queued->left = queued->batch.events.size();
  queued->backfill = queued->batch.submission->backfill;
  queued->way = way_of(queued->backfill);
  if (queued->way == QueuedBatch::Way::kSorted) {
    const std::uint64_t known = backfills_.find(queued->backfill)->terms.catalog_known;
    for (Event& event : queued->batch.events) event.catalog_bound.known = known;
  }
  for (std::uint32_t at = 0; at < queued->left; ++at) {
    Work work(queued, at);
    queue_of(work).push_back(std::move(work));
  }
  if (queued->left == 0) queued->batch.submission->finish_one();
}

bool PartitionImpl::full() const {
  const OpenCommit& open = layers_.open;
  // What comes after suspects depends on what becomes of them.
  if (narrowing_.on() && (in_flight() || open.handled.size() >= narrowing_.pieces_max())) {
    return true;
  }
  return open.turns >= options_.turns_max || open.handled.size() >= options_.turns_max ||
         open.weight() >= options_.bytes_max;
}

std::deque<Work>& PartitionImpl::queue_of(const Work& work) {
  LAUREL_ASSERT(work.kind() != Work::Kind::kBarrier);  // waits in no queue
  switch (work.kind()) {
    case Work::Kind::kOrder:
      return orders_;
    case Work::Kind::kTimer:
      return timers_;
    case Work::Kind::kMessage:
      return inbox_;
    case Work::Kind::kEvent:
    case Work::Kind::kBarrier:
      break;
  }
  switch (work.way()) {
    case QueuedBatch::Way::kStage:
      return staging_;
    case QueuedBatch::Way::kSorted:
      return sorted_;
    case QueuedBatch::Way::kApply:
      return applying_;
    case QueuedBatch::Way::kLive:
      break;
  }
  return events_;
}

bool PartitionImpl::nothing_queued() const {
  return narrowing_.left.empty() && barriers_.empty() && orders_.empty() && timers_.empty() &&
         inbox_.empty() && events_.empty() && staging_.empty() && sorted_.empty() &&
         applying_.empty();
}

// Live events first; but a few of each commit are of backfills, so that one gets on under any load.
std::deque<PartitionImpl::Work>* PartitionImpl::next_events(std::size_t& count_max) {
  count_max = kRoundEvents;
  const bool share = !events_.empty() && share_used_ < kBackfillShare;
  if (!events_.empty() && !share) return &events_;
  if (share) count_max = kBackfillShare - share_used_;
  if (!staging_.empty()) return &staging_;
  if (sorted_may_run()) return &sorted_;
  if (applied_ < kAppliedMax && read_staged()) {
    count_max = std::min(count_max, kAppliedMax - applied_);
    return &applying_;
  }
  count_max = kRoundEvents;
  return events_.empty() ? nullptr : &events_;
}

void PartitionImpl::run(std::int64_t now_us) {
  now_us_ = now_us;
  turns_.at(now_us);
  audit_catalog();
  if (narrowing_.on()) run_suspects();
  while (!narrowing_.on() && !full() && !failed()) {
    if (inbox_.empty() && inbox_unread_ && !inbox_later_) read_inbox();
    if (timers_.empty() && (timers_unread_ || layers_.open.timers_changed)) find_due_timers();
    if (failed()) return;
    if (!orders_.empty()) {
      handle_first(orders_);
    } else if (!timers_.empty()) {
      handle_first(timers_);
    } else if (!inbox_.empty()) {
      handle_first(inbox_);
    } else if (std::size_t count_max = 0; auto* queue = next_events(count_max)) {
      run_events(*queue, count_max);
    } else if (!drop_some()) {
      break;
    }
  }
  advance_watermark();
}

// Of work that is no event: those are run together, run_events().
void PartitionImpl::handle_first(std::deque<Work>& queue) {
  Work work = std::move(queue.front());
  queue.pop_front();
  switch (work.kind()) {
    case Work::Kind::kOrder:
      return handle_order(std::move(work));
    case Work::Kind::kTimer:
      return handle_timer(std::move(work));
    case Work::Kind::kMessage:
      return handle_message(std::move(work));
    case Work::Kind::kEvent:
    case Work::Kind::kBarrier:
      break;
  }
  LAUREL_ASSERT(false);
}

void PartitionImpl::run_suspects() {
  std::deque<Work>& left = narrowing_.left;
  while (!left.empty() && !full() && !failed()) {
    const std::size_t most = std::min({left.size(), kRoundEvents, narrowing_.pieces_max()});
    std::size_t events = 0;
    while (events < most && left[events].is_event()) ++events;
    if (events > 0) {
      run_events(left, events);
    } else {
      handle_first(left);
    }
  }
  if (left.empty() && layers_.open.handled.empty() && !in_flight()) narrowing_.end();
}

void PartitionImpl::tick(std::int64_t now_us) {
  now_us_ = now_us;
  inbox_later_ = false;
  timers_unread_ = true;  // those of the wall clock
  turns_.passivate(now_us, last_commit);
  positions_due_ = positions_since_us_ != 0 && now_us - positions_since_us_ >= kPositionsWaitUs;
  advance_watermark();
  // Positions that wait make no commit by themselves: they are not nothing.
  const bool nothing = !open() && !in_flight() && layers_.open.positions.empty();
  if (nothing && now_us - sealed_at_us_ >= kQuietUs) {
    clear_open();
    layers_.give_back();
  }
}

void PartitionImpl::advance_watermark() {
  const bool waiting = !events_.empty() || narrowing_.on();
  watermark_.advance(now_us_, waiting, *input_times_);
  if (!open() && !in_flight() && !waiting) watermark_durable_ = watermark_;
}

std::size_t PartitionImpl::unsettled_events() const {
  const auto suspects = std::ranges::count_if(narrowing_.left, [](const Work& work) {
    return work.is_event() && work.way() != QueuedBatch::Way::kApply;
  });
  return events_.size() + staging_.size() + sorted_.size() + static_cast<std::size_t>(suspects) +
         layers_.open.events + in_flight_events_;
}

// --- Partition ---------------------------------------------------------------------------------

Partition::Partition(PartitionId id, Ports ports, std::shared_ptr<const Catalog> catalog,
                     PartitionOptions options)
    : impl_(std::make_unique<PartitionImpl>(id, ports, std::move(catalog), options)) {}
Partition::~Partition() = default;

void Partition::start(const Recovered& recovered) { impl_->start(recovered); }
void Partition::take(EventBatch batch) { impl_->take(std::move(batch)); }
void Partition::inbox_news() { impl_->inbox_news(); }
void Partition::act(AdminAction action, std::function<void(bool)> done) {
  LAUREL_ASSERT(impl_->id == kAuditPartition);
  impl_->act(std::move(action), std::move(done));
}
void Partition::order(BackfillOrder order, std::function<void(bool)> done) {
  impl_->order(std::move(order), std::move(done));
}
void Partition::barrier(std::function<void(bool)> done) { impl_->barrier(std::move(done)); }
void Partition::hold_backfills() { impl_->hold_backfills(); }
void Partition::set_time(ClusterTime time) { impl_->set_time(std::move(time)); }
void Partition::run(std::int64_t now_us) { impl_->run(now_us); }
void Partition::tick(std::int64_t now_us) { impl_->tick(now_us); }
bool Partition::can_seal() const {
  return !impl_->in_flight() && impl_->open() && !impl_->failed();
}
std::shared_ptr<const Commit> Partition::seal() { return impl_->seal(); }
Partition::Next Partition::on_outcome(CommitNumber number, Outcome outcome) {
  return impl_->on_outcome(number, outcome);
}
void Partition::resolve(const Recovered& recovered) { impl_->resolve(recovered); }
void Partition::adopt(std::shared_ptr<const Catalog> catalog) { impl_->adopt(std::move(catalog)); }
void Partition::abandon() { impl_->abandon(); }
bool Partition::idle() const {
  return impl_->nothing_queued() && !impl_->open() && !impl_->in_flight();
}
bool Partition::failed() const { return impl_->failed(); }
const std::string& Partition::failure() const { return impl_->failure(); }
CommitNumber Partition::last_commit() const { return impl_->last_commit; }
Epoch Partition::epoch() const { return impl_->epoch; }
const Positions& Partition::positions() const { return impl_->positions(); }
void Partition::set_input_times(std::shared_ptr<const InputTimes> times) {
  impl_->set_input_times(std::move(times));
}
TimeUs Partition::watermark() const { return impl_->durable_watermark(); }
std::uint64_t Partition::queued_events() const { return impl_->unsettled_events(); }
PartitionBackfills Partition::backfills() const { return impl_->backfills(); }
std::uint64_t Partition::activations() const { return impl_->activations().size(); }
std::uint64_t Partition::activation_bytes() const { return impl_->activations().bytes(); }
std::uint64_t Partition::board_bytes() const { return impl_->activations().board_bytes(); }
const PartitionCounters& Partition::counters() const { return impl_->counters; }
void Partition::on_durable(std::function<void(const Submission&, EventStatus)> hook) {
  impl_->on_durable = std::move(hook);
}

}  // namespace laurel::runtime
