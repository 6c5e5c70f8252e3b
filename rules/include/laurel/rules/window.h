/// Window: when a campaign runs, by event time, as clocks in an IANA zone show it.
///
/// Absolute   from (included) and to (not included) are instants: `2026-03-01 00:00`, `2026-03-01`,
///            `2026-03-01 00:00:30`. A reading that clocks skip means the jump, one that comes
///            twice the first time.
/// Recurring  `Fri 18:00-22:00`, `daily 12:00-13:30`, `Mon-Thu,Sun 22:00-02:00`, `Sat`: what clocks
///            show, the end not included; an end at or before its begin is on the next day; 24:00
///            ends a day. An hour that comes twice is in the window twice, one that is skipped
///            never.
/// Threads    Any, concurrently: never changed once compiled.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/api/turn.h"
#include "laurel/api/zones.h"
#include "laurel/rules/complaint.h"

namespace laurel::rules {

struct WindowText {
  std::string_view from;                // empty: since ever
  std::string_view to;                  // empty: for ever
  std::vector<std::string_view> every;  // empty: all the time
  std::string_view zone;
};

class Window {
 public:
  /// Always open.
  Window() = default;
  /// Complains of a zone nobody knows, times and days that cannot be read, an end before its begin.
  /// The result is to be used only when nothing was complained of. REQUIRES: zones outlive it.
  Window(const WindowText& text, const Zones& zones, const std::string& path,
         const Complain& complain);

  bool contains(TimeUs at) const;

 private:
  const Zones* zones_ = nullptr;
  std::string zone_;
  TimeUs from_ = std::numeric_limits<TimeUs>::min();
  TimeUs to_ = std::numeric_limits<TimeUs>::max();
  // Seconds of the week, 0 is Monday 00:00; [begin, end). Empty: all the time.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> weekly_;
};

/// `2026-03-01`, `2026-03-01 18:00`, `2026-03-01T18:00:30`; nothing for any other text.
std::optional<CivilTime> parse_civil(std::string_view text);

/// The day that clocks in the zone show, in days since 1970-01-01; nothing: unknown zone.
std::optional<std::int32_t> local_day(const Zones& zones, std::string_view zone, TimeUs at);

}  // namespace laurel::rules
