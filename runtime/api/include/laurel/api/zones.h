/// Zones: the civil time of IANA zones. A port: the runtime hands actors one (adapters/zones).
///
/// Why        Campaigns, schedules and streaks are stated in civil time ("20:00 in Europe/Paris"),
/// events
///            carry UTC; on two days a year the two drift apart.
/// Threads    Any, concurrently.
/// Limits     Years 1970 to 2200; outside, the nearest bound's offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace laurel {

/// A wall clock's reading, Gregorian calendar.
struct CivilTime {
  std::int32_t year = 1970;
  std::uint8_t month = 1;    // 1..12
  std::uint8_t day = 1;      // 1..31
  std::uint32_t second = 0;  // of the day as the clock shows it, 0..86399
  std::uint8_t weekday = 4;  // 1 Monday .. 7 Sunday; ignored by to_utc
  bool operator==(const CivilTime&) const = default;
};

class Zones {
 public:
  virtual ~Zones() = default;
  virtual bool known(std::string_view zone) const = 0;
  /// What clocks in the zone show at that instant (microseconds since 1970, UTC); nothing: unknown
  /// zone. Fractions of a second are dropped towards the past.
  virtual std::optional<CivilTime> to_civil(std::string_view zone, std::int64_t utc_us) const = 0;
  /// The instant at which clocks in the zone show it. A reading that is skipped (spring) means the
  /// instant of the jump; one that comes twice (autumn) means the first.
  virtual std::optional<std::int64_t> to_utc(std::string_view zone,
                                             const CivilTime& civil) const = 0;
};

}  // namespace laurel
