/// UtcZones: zones for tests that need none of them: every clock shows UTC; "UTC" and names with a
/// slash are known.
#pragma once

#include <chrono>

#include "laurel/api/zones.h"

namespace laurel {

class UtcZones final : public Zones {
 public:
  bool known(std::string_view zone) const override {
    return zone == "UTC" || zone.find('/') != std::string_view::npos;
  }
  std::optional<CivilTime> to_civil(std::string_view zone, std::int64_t utc_us) const override {
    if (!known(zone)) return std::nullopt;
    const std::chrono::sys_seconds at = std::chrono::floor<std::chrono::seconds>(
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(utc_us)));
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    CivilTime out;
    out.year = static_cast<int>(date.year());
    out.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
    out.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
    out.second = static_cast<std::uint32_t>((at - day).count());
    out.weekday = static_cast<std::uint8_t>(std::chrono::weekday(day).iso_encoding());
    return out;
  }
  std::optional<std::int64_t> to_utc(std::string_view zone, const CivilTime& civil) const override {
    if (!known(zone)) return std::nullopt;
    const std::chrono::sys_days day(std::chrono::year(civil.year) /
                                    std::chrono::month(civil.month) / std::chrono::day(civil.day));
    return std::chrono::duration_cast<std::chrono::microseconds>(day.time_since_epoch()).count() +
           std::int64_t{civil.second} * 1'000'000;
  }
};

}  // namespace laurel
