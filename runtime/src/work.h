/// Work: what a partition has to do next, as it waits in its queues and, until it is durable, with
/// the commit that holds it. After an abort it goes back where it came from, in the old order.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "inbox_chunk.h"
#include "laurel/api/turn.h"
#include "laurel/runtime/audit.h"
#include "laurel/runtime/backfill.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/event.h"

namespace laurel::runtime::internal {

/// A batch in the partition, until each of its events is durable.
struct QueuedBatch {
  enum class Way : std::uint8_t {
    kLive,
    kStage,   ///< kept for later: its backfill is open
    kSorted,  ///< of a sorted backfill: applied as it comes
    kApply,   ///< read from what was staged
  };
  EventBatch batch;
  std::size_t left = 0;
  Way way = Way::kLive;
  std::uint64_t backfill = 0;
  std::vector<std::string> rows;  ///< kApply: where each event was staged
};

/// An order about a backfill or what somebody does by hand, and who waits for it.
struct QueuedOrder {
  std::variant<BackfillOrder, AdminAction> order;
  std::function<void(bool)> done;
};

/// A chunk of the inbox in the partition, and where the reader is after it.
struct QueuedChunk {
  std::string input;
  std::string partial;  ///< the input whose position says how many of the messages are handled
  std::string position;
  ChunkView chunk;
};

/// A timer that is due. Its row is looked at again when its turn comes.
struct DueTimer {
  std::string row_key;
};

/// Who waits until all before it is durable.
using BarrierPtr = std::shared_ptr<std::function<void(bool)>>;

/// One of: an event of a batch, a message of a chunk, a timer, an order, a barrier. Small: there is
/// one for each event that is not durable yet.
class Work {
 public:
  enum class Kind : std::uint8_t { kEvent, kMessage, kTimer, kOrder, kBarrier };

  Work(std::shared_ptr<QueuedBatch> batch, std::uint32_t at)
      : holder_(std::move(batch)), at_(at), kind_(Kind::kEvent) {}
  Work(std::shared_ptr<QueuedChunk> chunk, std::uint32_t at)
      : holder_(std::move(chunk)), at_(at), kind_(Kind::kMessage) {}
  explicit Work(DueTimer timer)
      : holder_(std::make_shared<DueTimer>(std::move(timer))), kind_(Kind::kTimer) {}
  explicit Work(QueuedOrder order)
      : holder_(std::make_shared<QueuedOrder>(std::move(order))), kind_(Kind::kOrder) {}
  explicit Work(BarrierPtr barrier) : holder_(std::move(barrier)), kind_(Kind::kBarrier) {}

  Kind kind() const { return kind_; }
  bool is_event() const { return kind_ == Kind::kEvent; }

  // REQUIRES of these: it is of that kind.
  QueuedBatch& batch() const { return held<QueuedBatch>(Kind::kEvent); }
  QueuedBatch::Way way() const { return batch().way; }
  const Event& event() const { return batch().batch.events[at_]; }
  const QueuedChunk& chunk() const { return held<QueuedChunk>(Kind::kMessage); }
  bool last_of_chunk() const { return at_ + 1 == chunk().chunk.messages.size(); }
  const DueTimer& timer() const { return held<DueTimer>(Kind::kTimer); }
  const QueuedOrder& order() const { return held<QueuedOrder>(Kind::kOrder); }
  BarrierPtr barrier() const {
    LAUREL_ASSERT(kind_ == Kind::kBarrier);
    return std::static_pointer_cast<std::function<void(bool)>>(holder_);
  }

  /// Its place in its batch or chunk.
  std::uint32_t at() const { return at_; }

  /// Whether its commit was refused because of it.
  bool poison() const { return poison_; }
  void make_poison() { poison_ = true; }

 private:
  template <class T>
  T& held(Kind kind) const {
    LAUREL_ASSERT(kind_ == kind && holder_ != nullptr);
    return *static_cast<T*>(holder_.get());
  }

  std::shared_ptr<void> holder_;  // what kind_ says
  std::uint32_t at_ = 0;
  Kind kind_;
  bool poison_ = false;
};
static_assert(sizeof(Work) == 24);

/// Work whose effects are in a commit.
struct Handled {
  Work work;
  EventStatus status = EventStatus::kPending;  ///< of an event
  std::unique_ptr<EventResult> refusal;        ///< of one that was refused: why
};

/// Whether two events of one natural key are the same.
bool same_content(const contract::Event& a, const contract::Event& b);

/// What all turns that descend from one event share.
struct Origin {
  Cause cause;  ///< catalog_version is set per turn
  TimeUs now = 0;
  TimeUs watermark = 0;
  CatalogBound catalog_bound;
  std::array<std::uint64_t, 2> seed{};
};

}  // namespace laurel::runtime::internal
