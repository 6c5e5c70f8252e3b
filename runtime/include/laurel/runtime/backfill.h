/// Backfills: bounded streams of past events, as partitions hold them and as a node shows them.
///
///     open ──close──▶ closed ──all rows applied──▶ through
///       └────drop───▶ dropped ──all rows gone────▶ through
///
///     Each partition holds its part. The whole is what gather_backfills() makes of all parts.
///
/// Why        Past events may come in any order of files and rows: they are staged, and applied in
///            order of event time once the backfill is closed. A *sorted* one is not staged: its
///            events are applied as they come, and one out of order is rejected.
/// Order      No event is applied before every partition knows the bounds of its backfill: a timer
///            that an event sets in the past would otherwise fire before the events that its window
///            still waits for.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "laurel/api/turn.h"

namespace laurel::runtime {

inline constexpr std::size_t kBackfillsOpenMax = 8;     ///< open or being applied
inline constexpr std::size_t kBackfillsKeptMax = 100;   ///< finished ones that are still listed
inline constexpr std::size_t kBackfillRefusalsMax = 5;  ///< told of one part

/// What an open backfill holds, in event time.
struct BackfillSpan {
  std::uint64_t id = 0;
  TimeUs first = 0, last = 0;  ///< of its events
  TimeUs passed = 0;           ///< everything dated before it has been applied
  bool fixed = false;          ///< the bounds do not change any more
  bool apply = false;          ///< every partition knows the fixed bounds: go
  bool operator==(const BackfillSpan&) const = default;
};

enum class BackfillState : std::uint8_t { kOpen = 1, kClosed = 2, kDropped = 3 };

/// What a backfill is, its content apart.
struct BackfillTerms {
  std::uint64_t id = 0;  ///< 1, 2, 3, ...
  std::string source;
  std::uint64_t catalog_known = 0;  ///< newest version when it was opened
  TimeUs opened_us = 0;             ///< wall clock
  bool sorted = false;
};

/// Makes a partition's part of a backfill be in that state. Repeatable; a part that is closed or
/// dropped stays as it is.
struct BackfillOrder {
  BackfillTerms terms;
  BackfillState state = BackfillState::kOpen;
  std::string by = {}, reason = {};  ///< who closes or drops it: for the topic `audit`
};

/// Somebody closes or drops one.
struct BackfillEnd {
  std::uint64_t id = 0;
  bool drop = false;
  std::string by, reason;
};

/// `applied` are those of the staged that were handled; the last four count every event once, when
/// it is refused or recognised on the way in or when it is applied.
struct BackfillCounts {
  std::uint64_t staged = 0, applied = 0;
  std::uint64_t accepted = 0, duplicates = 0, conflicts = 0, rejected = 0;
};

/// An event that was refused when it was applied: its sender has had its answer before.
struct BackfillRefusal {
  std::string place, reason, detail;
};

constexpr TimeUs kNoTime = std::numeric_limits<TimeUs>::min();
constexpr TimeUs kAllTime = std::numeric_limits<TimeUs>::max();

struct BackfillPart {
  BackfillTerms terms;
  BackfillState state = BackfillState::kOpen;
  BackfillCounts counts;
  TimeUs first = kAllTime, last = kNoTime;  ///< of the staged events
  TimeUs applied_to = kNoTime;              ///< event time of the last one applied
  /// As far as what they set in motion has left this partition, or ended here. Not stored: after a
  /// restart it is found again.
  TimeUs passed = kNoTime;
  std::array<TimeUs, 3> settling{kNoTime, kNoTime, kNoTime};  ///< on its way to `passed`
  bool through = false;                                       ///< nothing is left to do
  std::vector<BackfillRefusal> refusals;                      ///< the first kBackfillRefusalsMax
  std::string ended_by, end_reason;                           ///< closed or dropped by whom, why
};
using BackfillParts = std::vector<BackfillPart>;  ///< of one partition, by id

/// What a partition shows of its backfills.
struct PartitionBackfills {
  std::shared_ptr<const BackfillParts> parts;  ///< durable
  std::vector<std::uint64_t> told;             ///< whose fixed bounds its timers obey
};

struct Backfill {
  enum class State { kOpen, kApplying, kFinished, kDropping, kDropped };
  BackfillTerms terms;
  State state = State::kOpen;
  BackfillCounts counts;
  BackfillSpan span;
  bool whole = true;  ///< every partition has its part, all in one state
  std::vector<BackfillRefusal> refusals;
  std::string ended_by, end_reason;

  bool held() const { return state == State::kOpen || state == State::kApplying; }
};
const char* name_of(Backfill::State state);  // open, applying, finished, dropping, dropped

/// By id.
std::vector<Backfill> gather_backfills(const std::vector<PartitionBackfills>& partitions);
/// The spans that hold timers back.
std::vector<BackfillSpan> spans_of(const std::vector<Backfill>& backfills);
/// What is left undone by a crash in the middle of an order: to be given to all partitions.
std::vector<BackfillOrder> unfinished_orders(const std::vector<Backfill>& backfills);

}  // namespace laurel::runtime
