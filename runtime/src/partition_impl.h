/// PartitionImpl: the queues of a partition and the life of its commits.
///
///     orders, timers ──┐                   ┌── good ──▶ open commit ──seal──▶ in flight ──▶
///     durable inbox          ──┼──▶ run() ──▶ turn ┤ events         ──┤                   └── bad
///     ──▶ dead letter, in the open commit backfills      ──┘
///
/// partition.cc           queues, what is next
/// partition_events.cc    deduplication, the turns of an event, its journal row
/// partition_messages.cc  inbox and timers
/// partition_admin.cc     what somebody does by hand
/// partition_backfills.cc orders, staging, what was staged
/// partition_commit.cc    seal, outcome, reload
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backfills.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/inbox.pb.h"
#include "laurel/runtime/journal.pb.h"
#include "laurel/runtime/partition.h"
#include "layers.h"
#include "narrowing.h"
#include "scratch.h"
#include "turns.h"
#include "watermark.h"
#include "work.h"

namespace laurel::runtime {

class PartitionImpl {
 public:
  PartitionImpl(PartitionId partition, const Partition::Ports& ports,
                std::shared_ptr<const Catalog> catalog, const PartitionOptions& options);

  void start(const Recovered& recovered);
  void take(EventBatch batch);
  void inbox_news() { inbox_unread_ = true; }
  void order(BackfillOrder order, std::function<void(bool)> done);
  void act(AdminAction action, std::function<void(bool)> done);
  void barrier(std::function<void(bool)> done) {
    wait_at(std::make_shared<std::function<void(bool)>>(std::move(done)));
  }
  void hold_backfills() { hold_backfills_ = true; }
  void set_time(ClusterTime time);
  void run(std::int64_t now_us);
  void tick(std::int64_t now_us);
  std::shared_ptr<const Commit> seal();
  Partition::Next on_outcome(CommitNumber number, Outcome outcome);
  void resolve(const Recovered& recovered);
  void abandon();
  void adopt(std::shared_ptr<const Catalog> catalog) { turns_.adopt(std::move(catalog)); }

  bool in_flight() const { return layers_.in_flight != nullptr; }
  bool open() const { return !layers_.open.empty() || backfills_.changed() || positions_due_; }
  bool failed() const { return layers_.failed(); }
  const std::string& failure() const { return layers_.failure(); }
  bool nothing_queued() const;
  PartitionBackfills backfills() const;
  std::size_t unsettled_events() const;
  TimeUs durable_watermark() const { return watermark_durable_.value(); }
  const Positions& positions() const { return positions_; }
  void set_input_times(std::shared_ptr<const InputTimes> times) { input_times_ = std::move(times); }
  const internal::Activations& activations() const { return turns_.activations(); }

  const PartitionId id;
  Epoch epoch = 0;
  CommitNumber last_commit = 0;
  PartitionCounters counters;
  std::function<void(const Submission&, EventStatus)> on_durable;

 private:
  using Work = internal::Work;
  using Handled = internal::Handled;
  using QueuedBatch = internal::QueuedBatch;
  struct Keys {
    Digest digest{};
    internal::HashedName journal;  // in prefetched_, like the roots
    std::size_t roots = 0;         // where those of its takers begin in roots_
  };
  enum class Known { kNew, kDuplicate, kConflict };

  // --- partition.cc
  bool full() const;
  std::deque<Work>& queue_of(const Work& work);
  std::deque<Work>* next_events(std::size_t& count_max);
  void handle_first(std::deque<Work>& queue);
  void run_suspects();
  void advance_watermark();
  // --- partition_events.cc
  void run_events(std::deque<Work>& queue, std::size_t count_max);
  void prefetch(const std::deque<Work>& queue, std::vector<Keys>& keys);
  void handle_event(Work work, const Keys& keys);
  void accept(Work work, const Keys& keys);
  Known known(const Event& event, const Keys& keys);
  bool out_of_order(const Work& work) const;
  void conflict(Work work, const std::string& detail);
  void rejected(Work work, std::string code, std::string detail);
  void settle(Work work, EventResult result);
  static std::string_view position_of(const Work& work);
  /// Where the input of an event is, by pointers into `positions_` and the open commit's. Forgotten
  /// when the open commit's go, and when there are others in `positions_`.
  struct InputAtHand {
    std::string name;                      // empty: none, look
    const std::string* durable = nullptr;  // nullptr: it is in no durable commit
    std::string* open = nullptr;           // nullptr: look
  };
  InputAtHand& input_of(const Work& work);
  bool handled_before(const Work& work);
  void note_position(const Work& work);
  void note_time(const Work& work);
  void pass(const Work& work);
  // --- partition_messages.cc
  void wait_at(internal::BarrierPtr barrier);
  void read_inbox();
  bool queue_chunk(InboxEntry entry);
  void unreadable_chunk();
  void find_due_timers();
  bool held_back(TimeUs at, TimeUs window_from) const;
  void handle_message(Work work);
  void finish_message(Work work);
  void handle_timer(Work work);
  struct Delivery {
    const std::string& to_type;
    const std::string& to_key;
    const std::string& message_type;
    const std::string& message;
    const internal::Origin& origin;
    std::uint32_t hops = 0;
    bool poison = false;
  };
  void deliver(const Delivery& delivery);
  // --- partition_backfills.cc
  void handle_order(Work work);
  QueuedBatch::Way way_of(std::uint64_t backfill) const;
  bool may_apply(std::uint64_t backfill) const;
  bool sorted_may_run() const;
  bool takes_more(const Work& work) const;
  void stage(Work work, const Keys& keys);
  void book(const Work& work, const EventResult& result);
  bool settled(const BackfillPart& part) const;
  bool choose_backfill();
  bool read_staged();
  bool unstage(std::string_view key, std::string_view row, QueuedBatch& into) const;
  void unreadable_row();
  bool drop_some();
  // --- partition_admin.cc
  void handle_action(Work work, const AdminAction& action);
  bool audit(const AdminAction& action, std::uint64_t catalog_version = 0);
  void audit_catalog();
  // --- partition_commit.cc
  void dead_letter(contract::DeadLetter letter);
  void undelivered(const internal::Turns::Undelivered& message, const internal::Origin& origin);
  void finish(const std::vector<Handled>& handled);
  void count(EventStatus status);
  void blame();
  void reload(bool content);
  void clear_open();

  const Partition::Ports ports_;
  const PartitionOptions options_;
  internal::Layers layers_;
  internal::Turns turns_;
  internal::Watermark watermark_;
  internal::Watermark watermark_in_flight_, watermark_durable_;  // as they were then
  std::shared_ptr<const InputTimes> input_times_ = std::make_shared<InputTimes>();

  std::deque<Work> orders_;
  std::deque<Work> events_;    // live
  std::deque<Work> staging_;   // to be kept for later
  std::deque<Work> sorted_;    // of sorted backfills
  std::deque<Work> applying_;  // read from what was staged
  std::deque<Work> inbox_;
  std::deque<Work> timers_;
  std::vector<internal::BarrierPtr> barriers_;  // until the inbox is drained
  Positions positions_;                         // durable
  InputAtHand input_;
  Positions inbox_read_;                  // what is queued, handled or durable
  bool inbox_unread_ = true;              // there may be more in the engine
  bool inbox_later_ = false;              // ... which cannot give it now: with the next tick
  std::optional<ClusterTime> told_time_;  // holds once the inbox is drained
  ClusterTime time_;
  bool timers_unread_ = true;

  internal::Backfills backfills_;
  std::uint64_t applying_id_ = 0;  // whose rows are read
  std::string applying_from_;      // where to read on
  std::size_t share_used_ = 0;     // events of backfills before live ones, in the open commit
  std::size_t applied_ = 0;        // of what was staged, in the open commit
  bool dropped_some_ = false;      // in the open commit
  bool hold_backfills_ = false;
  std::int64_t positions_since_us_ = 0;  // the open commit has positions since then; 0: none
  bool positions_due_ = false;           // ... and waits for no event any more
  std::uint64_t catalog_audited_ = 0;    // as far as it was looked at, in the open commit too

  JournalRow journal_row_;       // of the event at hand: it keeps its memory
  internal::Scratch delivered_;  // the message at hand: the same
  InboxMessage inbox_message_;   // as it came by the inbox, and why: the same
  StoredCause inbox_cause_;
  ByteArena prefetched_;                     // keys of the events of this round
  std::vector<internal::HashedName> roots_;  // of their takers, in prefetched_
  std::vector<Handled> in_flight_handled_;
  std::size_t in_flight_events_ = 0;  // see OpenCommit::events
  std::map<std::string, std::uint64_t> in_flight_letters_;
  std::int64_t sealed_at_us_ = 0;
  std::int64_t now_us_ = 0;     // wall clock, as of the last run or tick
  std::uint32_t refusals_ = 0;  // in a row, of commits without work
  internal::Narrowing narrowing_;
};

}  // namespace laurel::runtime
