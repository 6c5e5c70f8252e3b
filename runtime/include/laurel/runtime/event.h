/// Event: one input record after decoding, as the partition takes it. Submission: a bunch of
/// records a client sent, and what became of each.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include "laurel/api/turn.h"
#include "laurel/contract/event.pb.h"
#include "laurel/contract/limits.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/engine.h"

namespace laurel::runtime {

enum class EventStatus : std::uint8_t {
  kPending,
  kAccepted,
  kDuplicate,
  kConflict,
  kRejected,
  kStaged,  ///< durable, and waits for its backfill to be closed
};
inline constexpr std::size_t kEventStatusCount = 6;
const char* name_of(EventStatus status);  // accepted, duplicate, conflict, rejected, staged

struct EventResult {
  EventStatus status = EventStatus::kPending;
  std::string reason;  ///< stable code when rejected or conflict
  std::string detail;
  /// The commit after which it is durable. Number 0: none was needed.
  PartitionId partition = 0;
  CommitNumber commit = 0;
};

/// What the bytes of an event are, where its format has more than one.
enum class Encoding : std::uint8_t { kText, kProtobuf };

/// One raw record: where it came from and its bytes (both live in the Submission).
struct RawRecord {
  std::string_view bytes;
  std::uint64_t line = 0;       ///< 1-based in its file; 0: none
  std::uint64_t length = 0;     ///< how long it really was when `bytes` was cut
  bool oversize = false;        ///< cut by the reader: longer than a line or an event may be
  std::string_view place = {};  ///< for dead letters, when it is not a line of the source
  /// Of an input that is read again after a crash: where its reader is after this record. Ascends.
  std::string_view position = {};
  Encoding encoding = Encoding::kText;
  /// Of an input: the record's time there, wall clock; 0: it has none.
  std::int64_t appended_us = 0;
};

/// What a decoder makes of a raw record. Its messages and texts live on the Submission's arena.
struct Event {
  std::uint32_t index = 0;  ///< its record in the Submission
  const contract::Envelope* envelope = nullptr;
  const google::protobuf::Message* data = nullptr;
  std::string_view natural_key;  ///< length-prefixed parts and kind; see docs/formats/journal.md
  std::string_view routing_key;
  std::string_view canonical;  ///< serialized contract::Event, deterministic
  CatalogBound catalog_bound;  ///< of its stream: live, or a backfill's
  /// Set when it could not be decoded: goes to the dead letters, nothing else is set but what is
  /// known.
  std::string reject_code;
  std::string reject_detail;
  /// No event: only the position of its record, which went to another partition.
  bool position_only = false;
};

/// What an event says of how far its input has come: its time, up to its record's own + skew. The
/// least there is when it is none.
TimeUs counted_time(const Event& event, const RawRecord& record, std::int64_t skew_us);

/// A copy on the arena.
std::string_view keep_on(google::protobuf::Arena& arena, std::string_view text);

class Submission;

/// Events of one submission for one partition, in order.
struct EventBatch {
  std::shared_ptr<Submission> submission;
  std::vector<Event> events;
  /// Of an input: the largest counted_time() of the submission, those of other partitions too.
  TimeUs passed_us = std::numeric_limits<TimeUs>::min();
};

/// Lifecycle  Made by whoever feeds input; `done` is called once, when all its records have a
/// result
///            that is durable. Results are written by one partition each: no two write the same
///            one.
class Submission {
 public:
  std::string bytes;           ///< owns what the records point to
  std::string source;          ///< file name or `http`: the place in dead letters
  std::uint64_t backfill = 0;  ///< the one its events belong to; 0: live
  std::string input;           ///< whose positions its records have; empty: they have none
  std::vector<RawRecord> records;
  std::vector<EventResult> results;  ///< same size as records once decoded
  google::protobuf::Arena arena{arena_options()};
  std::int64_t received_us = 0;  ///< steady clock, for latency
  std::function<void(Submission&)> done;

  /// How many batches are out; the last one to finish calls done.
  std::atomic<std::uint32_t> pending{0};
  void finish_one() {
    if (pending.fetch_sub(1, std::memory_order_acq_rel) == 1 && done) done(*this);
  }

 private:
  static google::protobuf::ArenaOptions arena_options();
};

/// Turns raw records into events. One per input format.
/// Threads  decode() from any thread, concurrently.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Fills `event` (index is set by the caller); on bad input sets reject_code and reject_detail.
  /// Never throws; whatever the bytes are.
  virtual void decode(const RawRecord& record, google::protobuf::Arena& arena,
                      Event& event) const = 0;
};

}  // namespace laurel::runtime
