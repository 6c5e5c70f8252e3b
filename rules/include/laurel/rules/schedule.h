/// Schedule: the runs of one tournament: when they start, when they end, which one holds a time.
///
///     one run      |───────|
///     every = 6h   |──── |──── |──── |────      from start, by elapsed time
///     every = 1d   |──── :     |──── :          the same reading of the zone's clocks
///     at, on       |──── : |── : |────          these readings, on these days
///
/// Why        A wager has to find its run among all that ever were and will be, without a list of
///            them and without a clock (DESIGN.md section 5). Runs of one tournament never overlap:
///            a run ends at the latest when the next one starts.
/// Time       Windows are [start, end), in UTC. A start that the clocks skip (spring) is the
/// instant
///            of the jump, one they show twice (autumn) is the first. Two starts that fall on one
///            instant are one run. A start is a whole minute, which is its name in run ids.
/// Threads    Immutable after compile: any thread. Its memory of the last run is each thread's own.
/// Limits     Runs start in the years 1970 to 2200; times outside hold no run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/api/settings.h"
#include "laurel/api/turn.h"
#include "laurel/api/zones.h"
#include "laurel/contract/tournament.pb.h"
#include "laurel/rules/civil_text.h"

namespace laurel::rules {

struct RunWindow {
  TimeUs start = 0;
  TimeUs end = 0;
  bool operator==(const RunWindow&) const = default;
};

/// `TOURNAMENT@START`, such as `weekly-slots@2026-02-16T18:00Z`.
std::string run_id(std::string_view tournament, TimeUs start);

struct RunName {
  std::string tournament;
  TimeUs start = 0;
};
/// Nothing when the text is no run id.
std::optional<RunName> parse_run_id(std::string_view run);

class Schedule {
 public:
  /// Nothing after it added a problem below `path`. `zones` is kept: it outlives the schedule.
  static std::optional<Schedule> compile(const contract::Tournament& tournament, const Zones& zones,
                                         const std::string& path, Problems& problems);

  /// The run whose window holds that time; nothing in the gaps between runs. What a thread asked of
  /// it last is remembered: wagers come nearly in order, and civil time is slow to work out.
  std::optional<RunWindow> run_at(TimeUs time) const;
  /// The runs whose window has a time in [from, to), in order, until `run` returns false.
  void runs_between(TimeUs from, TimeUs to, const std::function<bool(const RunWindow&)>& run) const;
  /// No run holds a time before this, nor any at or after ends().
  TimeUs begins() const { return first_; }
  TimeUs ends() const;

 private:
  enum class Kind { kOnce, kElapsed, kCivil };

  /// A time without a run, or a run, and as much around the time as is alike.
  struct Stretch {
    std::uint64_t of = 0;  // fingerprint_; 0: of none
    RunWindow window;
    bool is_run = false;
    bool holds(TimeUs time) const { return window.start <= time && time < window.end; }
  };
  Stretch stretch_at(TimeUs time) const;
  /// The latest start at or before the time, before the end; the earliest after it.
  std::optional<TimeUs> start_before(TimeUs time) const;
  std::optional<TimeUs> start_after(TimeUs time) const;
  RunWindow run_from(TimeUs start) const;
  TimeUs after(TimeUs start, const Span& span) const;
  bool is_day(std::int64_t day) const;
  std::optional<TimeUs> instant(std::int64_t day, std::uint32_t second) const;
  /// The days, in the zone, on which a start at or before (after) the time can be.
  std::optional<std::int64_t> day_of(TimeUs time) const;

  Kind kind_ = Kind::kOnce;
  std::uint64_t fingerprint_ = 0;  // equal ones have equal runs
  const Zones* zones_ = nullptr;
  std::string zone_;
  TimeUs first_ = 0;             // the first moment
  std::optional<TimeUs> until_;  // no start then or later; of one run: its end
  TimeUs every_us_ = 0;          // kElapsed
  std::int64_t every_days_ = 1;  // kCivil: of these days, from first_day_ on
  std::int64_t first_day_ = 0;
  std::uint8_t weekdays_ = 0x7f;      // bit 0 Monday
  std::vector<std::uint32_t> clock_;  // seconds of the day, ascending
  std::optional<Span> duration_;
};

}  // namespace laurel::rules
