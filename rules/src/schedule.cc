#include "laurel/rules/schedule.h"

#include <algorithm>
#include <array>
#include <limits>
#include <ranges>

#include "laurel/api/civil.h"
#include "laurel/rules/window.h"

namespace laurel::rules {
namespace {

constexpr TimeUs kMinuteUs = 60 * kMicrosPerSecond;
constexpr std::size_t kClockMax = 1440;
// Starts of one civil day, and of a week of named days, are never further apart than this.
constexpr std::int64_t kWeek = 7;
constexpr std::int64_t kLastDay = day_number(2200, 12, 31);
constexpr TimeUs kTimeEnd = (kLastDay + 1) * kSecondsPerDay * kMicrosPerSecond;

// Schedules whose last run a thread remembers: 20 KiB.
constexpr std::size_t kRemembered = 512;

// FNV-1a over the parts of the document that make a schedule, never 0.
std::uint64_t fingerprint_of(const contract::Tournament& from, const std::string& zone,
                             TimeUs first, TimeUs midsummer) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash = (hash ^ 0xff) * 0x100000001b3ULL;  // no byte of a text: parts stay apart
  };
  for (const auto& text : {zone, from.start(), from.end(), from.every(), from.duration()})
    add(text);
  for (const std::string& clock : from.at()) add(clock);
  add("on");
  for (const int day : from.on()) {
    add(std::string_view("0123456789").substr(static_cast<std::size_t>(day) % 10, 1));
  }
  add(std::to_string(first));
  add(std::to_string(midsummer));
  return hash == 0 ? 1 : hash;
}

TimeUs floor_minute(TimeUs time) { return floor_div64(time, kMinuteUs) * kMinuteUs; }

// Reads the parts of one tournament's schedule and says what is wrong with them.
struct Reader {
  const contract::Tournament& from;
  const Zones& zones;
  const std::string& path;
  Problems& problems;
  std::string zone = from.zone().empty() ? "UTC" : from.zone();
  bool good = true;

  void wrong(const std::string& key, std::string what) {
    good = false;
    problems.add(path + "." + key, std::move(what));
  }
  std::optional<CivilTime> civil(const std::string& key, const std::string& text) {
    auto read = parse_civil(text);
    if (read && read->second % 60 != 0) read.reset();
    if (!read) {
      wrong(key,
            "\"" + text.substr(0, 40) +
                "\" is no civil time; allowed: such as \"2026-02-16T19:00\", years 1970 to 2200");
    }
    return read;
  }
  std::optional<TimeUs> utc(const CivilTime& civil) {
    const auto at = zones.to_utc(zone, civil);
    return at ? std::optional(floor_minute(*at)) : std::nullopt;
  }
  std::optional<Span> span(const std::string& key, const std::string& text) {
    auto read = parse_span(text);
    if (read && read->days == 0 && read->seconds % 60 != 0) read.reset();
    if (!read) {
      wrong(key,
            "\"" + text.substr(0, 40) +
                "\" is no duration of whole minutes; allowed: such as \"30m\", \"6h\", \"1d\", "
                "\"2w\", at most " +
                std::to_string(kSpanDaysMax) + "d");
    }
    return read;
  }
};

}  // namespace

std::string run_id(std::string_view tournament, TimeUs start) {
  std::string out;
  out.reserve(tournament.size() + 1 + kUtcMinuteSize);
  out.append(tournament).push_back('@');
  append_utc_minute(out, start);
  return out;
}

std::optional<RunName> parse_run_id(std::string_view run) {
  const auto at = run.find('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const auto start = parse_utc_minute(run.substr(at + 1));
  if (!start) return std::nullopt;
  return RunName{std::string(run.substr(0, at)), *start};
}

std::optional<Schedule> Schedule::compile(const contract::Tournament& from, const Zones& zones,
                                          const std::string& path, Problems& problems) {
  Reader read{from, zones, path, problems};
  Schedule out;
  out.zones_ = &zones;
  out.zone_ = read.zone;
  if (!zones.known(read.zone)) {
    read.wrong("zone", "\"" + read.zone.substr(0, 40) + "\" is no IANA zone known here");
    return std::nullopt;
  }
  const auto start = read.civil("start", from.start());
  if (!start) return std::nullopt;
  out.first_ = read.utc(*start).value_or(0);
  // What the zone is here belongs to it: tests have zones of their own.
  CivilTime midsummer = *start;
  midsummer.month = 7;
  midsummer.day = 1;
  out.fingerprint_ = fingerprint_of(from, read.zone, out.first_, read.utc(midsummer).value_or(0));
  out.first_day_ = day_number(start->year, start->month, start->day);
  if (!from.end().empty()) {
    if (const auto end = read.civil("end", from.end())) {
      out.until_ = read.utc(*end);
      if (out.until_ && *out.until_ <= out.first_) read.wrong("end", "is not after start");
    }
  }
  if (!from.duration().empty()) out.duration_ = read.span("duration", from.duration());
  if (!from.every().empty() && from.at_size() > 0) read.wrong("at", "and every exclude each other");
  if (from.on_size() > 0 && from.at_size() == 0) read.wrong("on", "needs at: the time of the day");
  if (!from.every().empty()) {
    const auto every = read.span("every", from.every());
    out.kind_ = every && every->days > 0 ? Kind::kCivil : Kind::kElapsed;
    if (every) out.every_us_ = every->seconds * kMicrosPerSecond;
    if (every && every->days > 0) out.every_days_ = every->days;
    out.clock_ = {start->second};
  } else if (from.at_size() > 0) {
    out.kind_ = Kind::kCivil;
    if (static_cast<std::size_t>(from.at_size()) > kClockMax) {
      read.wrong("at", "has too many times; allowed: " + std::to_string(kClockMax));
      return std::nullopt;
    }
    for (int i = 0; i < from.at_size(); ++i) {
      const auto clock = parse_clock(from.at(i));
      if (clock) out.clock_.push_back(*clock);
      if (!clock) {
        read.wrong("at[" + std::to_string(i) + "]", "\"" + from.at(i).substr(0, 40) +
                                                        "\" is no time of day; allowed: such as "
                                                        "\"20:00\", 00:00 to 23:59");
      }
    }
    std::sort(out.clock_.begin(), out.clock_.end());
    out.clock_.erase(std::unique(out.clock_.begin(), out.clock_.end()), out.clock_.end());
    if (from.on_size() > 0) out.weekdays_ = 0;
    for (const int day : from.on()) {
      if (day < contract::WEEKDAY_MONDAY || day > contract::WEEKDAY_SUNDAY) {
        read.wrong("on", "has a day that is none");
        continue;
      }
      out.weekdays_ = static_cast<std::uint8_t>(out.weekdays_ | (1U << (day - 1)));
    }
  } else if (!out.until_ && from.duration().empty() && read.good) {
    read.wrong("end", "is required: without every, at or duration there is one run, and it ends");
  }
  if (!read.good) return std::nullopt;
  return out;
}

TimeUs Schedule::after(TimeUs start, const Span& span) const {
  if (span.days == 0) return start + span.seconds * kMicrosPerSecond;
  const auto civil = zones_->to_civil(zone_, start);
  if (!civil) return start;
  const std::int64_t day = day_number(civil->year, civil->month, civil->day) + span.days;
  return instant(day, civil->second).value_or(start);
}

std::optional<TimeUs> Schedule::instant(std::int64_t day, std::uint32_t second) const {
  if (day < 0 || day > kLastDay) return std::nullopt;
  CivilTime civil = civil_of(day * kSecondsPerDay);
  civil.second = second;
  const auto at = zones_->to_utc(zone_, civil);
  if (!at) return std::nullopt;
  return floor_minute(*at);
}

bool Schedule::is_day(std::int64_t day) const {
  if (day < first_day_) return false;
  if ((day - first_day_) % every_days_ != 0) return false;
  return (weekdays_ >> (weekday_of(day) - 1) & 1U) != 0;
}

std::optional<std::int64_t> Schedule::day_of(TimeUs time) const {
  const auto civil = zones_->to_civil(zone_, time);
  if (!civil) return std::nullopt;
  return day_number(civil->year, civil->month, civil->day);
}

std::optional<TimeUs> Schedule::start_before(TimeUs time) const {
  if (until_ && kind_ != Kind::kOnce) time = std::min(time, *until_ - 1);
  if (time < first_ || time >= kTimeEnd) return std::nullopt;
  if (kind_ == Kind::kOnce) return first_;
  if (kind_ == Kind::kElapsed) return first_ + (time - first_) / every_us_ * every_us_;
  const auto here = day_of(time);
  if (!here) return std::nullopt;
  // From the day after: near midnight a skipped start may lie on the day before its own.
  std::int64_t day = std::min(*here + 1, kLastDay);
  if (every_days_ > 1) day = std::max(first_day_, day - (day - first_day_) % every_days_);
  const std::int64_t oldest = std::max(first_day_, day - std::max(every_days_, kWeek) - 2);
  for (; day >= oldest; day -= every_days_) {
    if (!is_day(day)) continue;
    for (const std::uint32_t second : std::views::reverse(clock_)) {
      const auto start = instant(day, second);
      if (start && *start <= time) {
        return *start >= first_ ? start : std::nullopt;
      }
    }
  }
  return std::nullopt;
}

std::optional<TimeUs> Schedule::start_after(TimeUs time) const {
  std::optional<TimeUs> next;
  if (time >= kTimeEnd) return next;
  if (time < first_ && kind_ != Kind::kCivil) {
    next = first_;
  } else if (kind_ == Kind::kElapsed) {
    next = first_ + ((time - first_) / every_us_ + 1) * every_us_;
  } else if (kind_ == Kind::kCivil) {
    const auto here = day_of(std::max(time, first_));
    if (!here) return std::nullopt;
    std::int64_t day = std::max(first_day_, *here - 1);
    if (every_days_ > 1) day -= (day - first_day_) % every_days_;
    const std::int64_t newest = day + 2 * std::max(every_days_, kWeek) + 2;
    for (; day <= newest && !next; day += every_days_) {
      if (!is_day(day)) continue;
      for (const std::uint32_t second : clock_) {
        const auto start = instant(day, second);
        if (start && *start > time && *start >= first_) {
          next = start;
          break;
        }
      }
    }
  }
  if (next && until_ && kind_ != Kind::kOnce && *next >= *until_) return std::nullopt;
  return next;
}

RunWindow Schedule::run_from(TimeUs start) const {
  RunWindow run{start, kTimeEnd};
  if (duration_) run.end = after(start, *duration_);
  if (kind_ == Kind::kOnce) {
    if (until_) run.end = std::min(run.end, *until_);
    return run;
  }
  if (const auto next = start_after(start)) {
    run.end = std::min(run.end, *next);
  } else if (until_ && !duration_) {
    run.end = std::min(run.end, *until_);
  }
  return run;
}

std::optional<RunWindow> Schedule::run_at(TimeUs time) const {
  // By fingerprint, not by address: another schedule may come to lie where this one was.
  static thread_local std::array<Stretch, kRemembered> remembered;
  Stretch& last = remembered.at(fingerprint_ % kRemembered);
  if (last.of != fingerprint_ || !last.holds(time)) last = stretch_at(time);
  if (!last.is_run) return std::nullopt;
  return last.window;
}

Schedule::Stretch Schedule::stretch_at(TimeUs time) const {
  Stretch out{fingerprint_, {std::numeric_limits<TimeUs>::min(), kTimeEnd}, false};
  if (time >= kTimeEnd) {
    out.window = {kTimeEnd, std::numeric_limits<TimeUs>::max()};
    return out;
  }
  if (const auto start = start_before(time)) {
    const RunWindow run = run_from(*start);
    if (time < run.end) {
      out.window = run;
      out.is_run = true;
      return out;
    }
    out.window.start = run.end;
  }
  if (const auto next = start_after(time)) out.window.end = *next;
  return out;
}

void Schedule::runs_between(TimeUs from, TimeUs to,
                            const std::function<bool(const RunWindow&)>& each) const {
  std::optional<TimeUs> start = start_before(from);
  if (!start || run_from(*start).end <= from) start = start_after(from);
  for (; start && *start < to; start = start_after(*start)) {
    if (!each(run_from(*start))) return;
  }
}

TimeUs Schedule::ends() const {
  if (kind_ == Kind::kOnce) return run_from(first_).end;
  if (!until_) return kTimeEnd;
  const auto last = start_before(*until_ - 1);
  return last ? run_from(*last).end : first_;
}

}  // namespace laurel::rules
