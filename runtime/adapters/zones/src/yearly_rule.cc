#include "yearly_rule.h"

#include "laurel/api/civil.h"

namespace laurel::adapters::internal {
namespace {

// Reads from the front of a text; each step says whether it found what it wanted.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool eat(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool name() {
    std::size_t length = 0;
    if (eat('<')) {
      length = rest_.find('>');
      if (length == std::string_view::npos || length < 3) return false;
      rest_.remove_prefix(length + 1);
      return true;
    }
    while (length < rest_.size() && is_letter(rest_[length])) ++length;
    rest_.remove_prefix(length);
    return length >= 3;
  }
  std::optional<std::int32_t> number(std::int32_t max) {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
    std::int32_t value = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      value = value * 10 + (rest_.front() - '0');
      if (value > max) return std::nullopt;
      rest_.remove_prefix(1);
    }
    return value;
  }
  // [+-]hh[:mm[:ss]] in seconds.
  std::optional<std::int32_t> time(std::int32_t hours_max) {
    const bool negative = eat('-');
    if (!negative) eat('+');
    const auto hours = number(hours_max);
    if (!hours) return std::nullopt;
    std::int32_t seconds = *hours * 3600;
    for (const std::int32_t unit : {60, 1}) {
      if (!eat(':')) break;
      const auto part = number(59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
  }
  // ,Mm.w.d[/time]
  std::optional<YearlyChange> change() {
    if (!eat(',') || !eat('M')) return std::nullopt;
    const auto month = number(12);
    if (!month || *month == 0 || !eat('.')) return std::nullopt;
    const auto week = number(5);
    if (!week || *week == 0 || !eat('.')) return std::nullopt;
    const auto weekday = number(6);
    if (!weekday) return std::nullopt;
    std::optional<std::int32_t> at = 2 * 3600;
    if (eat('/')) at = time(167);
    if (!at) return std::nullopt;
    return YearlyChange{static_cast<std::uint8_t>(*month), static_cast<std::uint8_t>(*week),
                        static_cast<std::uint8_t>(*weekday), *at};
  }

 private:
  static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
  std::string_view rest_;
};

}  // namespace

std::optional<YearlyRule> parse_yearly_rule(std::string_view text) {
  Cursor cursor(text);
  YearlyRule rule;
  if (!cursor.name()) return std::nullopt;
  const auto west = cursor.time(24);  // POSIX counts west of UTC
  if (!west) return std::nullopt;
  rule.standard_s = -*west;
  if (cursor.done()) return rule;
  if (!cursor.name()) return std::nullopt;
  rule.has_summer = true;
  rule.summer_s = rule.standard_s + 3600;
  if (const auto summer_west = cursor.time(24)) rule.summer_s = -*summer_west;
  const auto to_summer = cursor.change();
  const auto to_standard = to_summer ? cursor.change() : std::nullopt;
  if (!to_standard || !cursor.done()) return std::nullopt;
  rule.to_summer = *to_summer;
  rule.to_standard = *to_standard;
  return rule;
}

std::int64_t when_in_year(const YearlyChange& change, std::int64_t year) {
  const std::int64_t first = day_number(year, change.month, 1);
  const int first_weekday = weekday_of(first) % 7;  // 0 Sunday
  int day = (change.weekday - first_weekday + 7) % 7 + (change.week - 1) * 7;
  if (day >= days_in_month(year, change.month)) day -= 7;
  return (first + day) * kSecondsPerDay + change.second;
}

}  // namespace laurel::adapters::internal
