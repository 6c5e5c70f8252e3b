/// SystemZones: the IANA zones of this machine's tzdata (/usr/share/zoneinfo).
///
/// Why        Asked once or more per wager: a look-up is a comparison of names and a binary search.
/// View       Process-wide tables, each made at its zone's first use and kept until the end.
/// Threads    Any, concurrently. The first use of a zone takes a lock, no other does.
/// Errors     None: what cannot be read is an unknown zone.
#pragma once

#include "laurel/api/zones.h"

namespace laurel::adapters {

class SystemZones final : public Zones {
 public:
  bool known(std::string_view zone) const override;
  std::optional<CivilTime> to_civil(std::string_view zone, std::int64_t utc_us) const override;
  /// Nothing for a day that no calendar has, too, or beyond 200,000 years.
  std::optional<std::int64_t> to_utc(std::string_view zone, const CivilTime& civil) const override;
};

}  // namespace laurel::adapters
