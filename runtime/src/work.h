/// Work: what a partition has to do next, as it waits in its queues and, until it is durable, with
/// the commit that holds it. After an abort it goes back where it came from, in the old order.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "laurel/api/turn.h"
#include "laurel/runtime/audit.h"
#include "laurel/runtime/backfill.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/engine.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/inbox.pb.h"

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
  InboxChunk chunk;
};

/// A timer that is due. Its row is looked at again when its turn comes.
struct DueTimer {
  std::string row_key;
};

/// Who waits until all before it is durable.
using BarrierPtr = std::shared_ptr<const std::function<void(bool)>>;

/// One of: an event of a batch, a message of a chunk, a timer, an order, a barrier. `poison`: its
/// commit was refused because of it.
struct Work {
  std::shared_ptr<QueuedBatch> batch;
  std::shared_ptr<const QueuedChunk> chunk;
  std::shared_ptr<const DueTimer> timer;
  std::uint32_t at = 0;
  bool poison = false;
  std::shared_ptr<const QueuedOrder> order = nullptr;
  BarrierPtr barrier = nullptr;

  QueuedBatch::Way way() const { return batch->way; }
  const Event& event() const { return batch->batch.events[at]; }
  const InboxMessage& message() const { return chunk->chunk.messages(static_cast<int>(at)); }
  bool last_of_chunk() const {
    return at + 1 == static_cast<std::uint32_t>(chunk->chunk.messages_size());
  }
};

struct Handled {
  Work work;
  EventResult result;  ///< of an event
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
