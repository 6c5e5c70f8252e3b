#include "zone_table.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <limits>
#include <utility>

#include <date/tz.h>

#include "laurel/api/civil.h"
#include "yearly_rule.h"

namespace laurel::adapters::internal {
namespace {

constexpr std::int64_t kYearMin = 1970;
constexpr std::int64_t kYearMax = 2200;
// No zone is further from UTC, and no two changes are nearer to each other than this.
constexpr std::int64_t kOffsetMax = 26 * 3600;
constexpr std::size_t kRuleBytesMax = 256;

// The text between the last two newlines of a zone's file; empty when there is none.
std::string rule_in_file(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::streamoff>(file.tellg());
  const auto from = std::max<std::streamoff>(0, size - static_cast<std::streamoff>(kRuleBytesMax));
  std::string tail(static_cast<std::size_t>(size - from), '\0');
  file.seekg(from);
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  if (!file || tail.empty() || tail.back() != '\n') return {};
  tail.pop_back();
  const auto newline = tail.rfind('\n');
  return newline == std::string::npos ? std::string() : tail.substr(newline + 1);
}

}  // namespace

std::unique_ptr<ZoneTable> ZoneTable::load(std::string_view name) {
  auto table = std::make_unique<ZoneTable>();
  table->name_ = name;
  try {
    const date::time_zone* zone = date::locate_zone(name);
    const std::int64_t end = day_number(kYearMax + 1, 1, 1) * kSecondsPerDay;
    std::int64_t at = day_number(kYearMin, 1, 1) * kSecondsPerDay;
    std::int64_t last_change = at;
    table->spans_.push_back({std::numeric_limits<std::int64_t>::min(), 0});
    for (bool first = true; at < end; first = false) {
      const date::sys_info info = zone->get_info(date::sys_seconds(std::chrono::seconds(at)));
      const auto offset = static_cast<std::int32_t>(info.offset.count());
      if (first) {
        table->spans_.front().offset_s = offset;
      } else {
        table->add(at, offset);
        last_change = at;
      }
      at = info.end.time_since_epoch().count();
    }
    table->add_years_after(last_change, rule_in_file(table->name_));
  } catch (const std::exception&) {
    return nullptr;
  }
  return table;
}

void ZoneTable::add(std::int64_t begin_s, std::int32_t offset_s) {
  if (spans_.back().offset_s != offset_s) spans_.push_back({begin_s, offset_s});
}

void ZoneTable::add_years_after(std::int64_t last_change_s, std::string_view rule_text) {
  const auto rule = parse_yearly_rule(rule_text);
  if (!rule || !rule->has_summer) return;
  for (std::int64_t year = civil_of(last_change_s).year; year <= kYearMax; ++year) {
    // Each change is stated in the time that clocks show before it.
    std::pair<std::int64_t, std::int32_t> changes[] = {
        {when_in_year(rule->to_summer, year) - rule->standard_s, rule->summer_s},
        {when_in_year(rule->to_standard, year) - rule->summer_s, rule->standard_s}};
    if (changes[0].first > changes[1].first) std::swap(changes[0], changes[1]);
    for (const auto& [at, offset] : changes) {
      if (at > last_change_s) add(at, offset);
    }
  }
}

std::size_t ZoneTable::span_at(std::int64_t utc_s) const {
  const auto after =
      std::upper_bound(spans_.begin() + 1, spans_.end(), utc_s,
                       [](std::int64_t value, const Span& span) { return value < span.begin_s; });
  return static_cast<std::size_t>(after - spans_.begin()) - 1;
}

std::int32_t ZoneTable::offset_at(std::int64_t utc_s) const {
  return spans_[span_at(utc_s)].offset_s;
}

std::int64_t ZoneTable::utc_of(std::int64_t local_s) const {
  for (std::size_t i = span_at(local_s - kOffsetMax);; ++i) {
    const std::int64_t utc = local_s - spans_[i].offset_s;
    if (i + 1 < spans_.size() && utc >= spans_[i + 1].begin_s) continue;
    // Not in the span before, and before this one's begin: clocks skip it.
    return std::max(utc, spans_[i].begin_s);
  }
}

}  // namespace laurel::adapters::internal
