// Any text as the times and amounts of a catalog document, and as the rule of a zone's file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "laurel/adapters/zones/system_zones.h"
#include "laurel/api/civil.h"
#include "laurel/contract/amount.h"
#include "laurel/rules/conditions.h"
#include "laurel/rules/window.h"
#include "laurel/runtime/errors.h"
#include "yearly_rule.h"

namespace {

using namespace laurel;

constexpr TimeUs kYear = 365 * kSecondsPerDay * kMicrosPerSecond;

void window(std::string_view text) {
  static const adapters::SystemZones zones;
  for (const std::string_view zone : {std::string_view("Europe/Paris"), text}) {
    bool good = true;
    const rules::Window window({text, {}, {text}, zone}, zones, "w",
                               [&](const auto&, const auto&) { good = false; });
    for (TimeUs at = -kYear; at < 3 * kYear && good; at += kYear / 7) window.contains(at);
  }
  if (const auto civil = rules::parse_civil(text)) {
    LAUREL_ASSERT(civil_of(seconds_of(*civil)) == *civil);
    const auto instant = zones.to_utc("UTC", *civil);
    LAUREL_ASSERT(instant && zones.to_civil("UTC", *instant) == *civil);
  }
}

void amount(std::string_view text) {
  const auto decimal = rules::parse_decimal(text);
  if (!decimal) return;
  for (std::uint32_t scale = 0; scale <= rules::kScaleMax; ++scale) {
    const auto down = rules::units_down(*decimal, scale);
    const auto up = rules::units_up(*decimal, scale);
    LAUREL_ASSERT(down.has_value() == up.has_value());
    LAUREL_ASSERT(!down || (*down >= 0 && *up - *down >= 0 && *up - *down <= 1));
  }
  // A stake of just that amount is within the band from it to it.
  contract::Conditions document;
  auto& band = *document.add_stake();
  band.set_asset("EUR");
  band.set_min(std::string(text));
  band.set_max(std::string(text));
  const rules::Conditions conditions(document, "", [](const auto&, const auto&) {
    LAUREL_ASSERT(false);  // it was a decimal
  });
  contract::WagerSettled wager;
  if (const auto units = rules::units_down(*decimal, decimal->scale)) {
    *wager.mutable_stake_total() = contract::make_amount(*units, "EUR", decimal->scale);
    LAUREL_ASSERT(conditions.matches(wager));
  }
}

void yearly(std::string_view text) {
  const auto rule = adapters::internal::parse_yearly_rule(text);
  if (!rule || !rule->has_summer) return;
  for (std::int64_t year = 1970; year < 1998; ++year) {
    const auto first = day_number(year, rule->to_summer.month, 1);
    const auto day =
        (adapters::internal::when_in_year(rule->to_summer, year) - rule->to_summer.second) /
        kSecondsPerDay;
    LAUREL_ASSERT(day >= first && day < first + days_in_month(year, rule->to_summer.month));
    LAUREL_ASSERT(weekday_of(day) % 7 == rule->to_summer.weekday);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  window(text);
  amount(text);
  yearly(text);
  return 0;
}
