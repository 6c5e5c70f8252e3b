#include "demo_boards.h"

#include <fmt/format.h>

#include "demo_screen.h"
#include "laurel/rules/tournaments_plan.h"

namespace laurel::node {
namespace {

constexpr std::uint64_t kTop = 10;

// The score of a sort key's first column, as people write it.
std::string score_text(std::int64_t column, std::uint32_t scale, bool high) {
  const std::int64_t score = high ? descending(column) : ascending(column);
  std::string digits = std::to_string(score < 0 ? -score : score);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  const std::string whole = grouped(digits.substr(0, digits.size() - scale));
  // Two decimals are enough for a glance.
  std::string part = digits.substr(digits.size() - scale, 2);
  return (score < 0 ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

std::string clock_text(TimeUs left_us) {
  const std::int64_t seconds = left_us / 1'000'000;
  if (seconds >= 3600) return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string moved(std::uint64_t place, const std::map<std::string, std::uint64_t>& before,
                  const std::string& member) {
  const auto was = before.find(member);
  if (was == before.end()) return before.empty() ? "" : "new";
  if (was->second == place) return "";
  return was->second > place ? fmt::format("+{}", was->second - place)
                             : fmt::format("-{}", place - was->second);
}

}  // namespace

DemoBoards::Leader DemoBoards::leader_of(const std::string& run, std::uint32_t scale,
                                         bool high) const {
  const auto page = node_.queries().board("tournament", run, "board");
  if (!page || page->board.view.empty()) return {};
  const auto first = page->board.view.at(0);
  return {std::string(first.member), score_text(first.key.columns[0], scale, high),
          page->board.view.size()};
}

void DemoBoards::add_top(const std::string& run, std::uint32_t scale, bool high,
                         std::vector<std::string>& lines) {
  if (run != top_run_) before_.clear();
  top_run_ = run;
  std::map<std::string, std::uint64_t> places;
  const auto page = node_.queries().board("tournament", run, "board");
  if (page) {
    for (const auto& row : page->board.view.range(0, kTop)) {
      const std::string member(row.member);
      const std::uint64_t place = row.position + 1;
      lines.push_back(fmt::format("  {:>4} {:<16} {:>14}  {:<4}", place, member,
                                  score_text(row.key.columns[0], scale, high),
                                  moved(place, before_, member)));
      places.emplace(member, place);
    }
  }
  for (std::uint64_t row = places.size(); row < kTop; ++row) lines.emplace_back();
  before_ = std::move(places);
}

std::vector<std::string> DemoBoards::lines(TimeUs now) {
  const auto catalog = node_.catalog();
  const auto* plan = static_cast<const rules::TournamentsPlan*>(
      catalog->newest().plan(plan_id<rules::TournamentsPlan>()));
  if (plan == nullptr || plan->all().empty()) return {};
  std::vector<std::string> lines;
  bool first = true;
  for (const rules::TournamentPlan& tournament : plan->all()) {
    const auto window = tournament.schedule.run_at(now);
    if (!window) continue;
    const std::string run = rules::run_id(tournament.id, window->start);
    const bool high = tournament.direction != contract::SCORE_DIRECTION_LOW;
    const std::string name = tournament.name.empty() ? tournament.id : tournament.name;
    const Leader leader = leader_of(run, tournament.scale, high);
    if (first) {
      lines.push_back(fmt::format("  \x1b[1m{:<21} {:>14}\x1b[0m  {} players, {} left", name,
                                  "score", grouped(std::to_string(leader.members)),
                                  clock_text(window->end - now)));
      add_top(run, tournament.scale, high, lines);
      const auto last = tournament.schedule.run_at(window->start - 1);
      const Leader winner =
          last ? leader_of(rules::run_id(tournament.id, last->start), tournament.scale, high)
               : Leader();
      lines.push_back(winner.member.empty() ? std::string()
                                            : fmt::format("  {:<21} {:>14}  won the one before",
                                                          winner.member, winner.score));
      first = false;
      continue;
    }
    lines.push_back(fmt::format("  {:<21} {:>14}  {} leads, {} left", name, leader.score,
                                leader.member.empty() ? "nobody" : leader.member,
                                clock_text(window->end - now)));
  }
  return lines;
}

}  // namespace laurel::node
