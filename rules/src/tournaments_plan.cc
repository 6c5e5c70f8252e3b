#include "laurel/rules/tournaments_plan.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "laurel/api/civil.h"
#include "laurel/contract/amount.h"

namespace laurel::rules {
namespace {

using contract::Tournament;

constexpr std::size_t kIdMax = 64;
constexpr std::size_t kNameMax = 200;
constexpr std::uint32_t kScoreScaleMax = 18;  // 64 bits hold no more digits

bool is_id(const std::string& id) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (id.empty() || id.size() > kIdMax || !plain(id.front())) return false;
  return std::all_of(id.begin(), id.end(),
                     [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

bool scores_amounts(contract::ScoreOperator op) {
  return op == contract::SCORE_OPERATOR_TOTAL_STAKE || op == contract::SCORE_OPERATOR_TOTAL_WIN ||
         op == contract::SCORE_OPERATOR_NET || op == contract::SCORE_OPERATOR_BEST ||
         op == contract::SCORE_OPERATOR_POINTS;
}

std::uint32_t scale_of(const Tournament& from) {
  if (from.operator_() == contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER) return kMultiplierScale;
  if (from.operator_() == contract::SCORE_OPERATOR_COUNT) return 0;
  return from.scale();
}

// What of a tournament is neither its schedule nor its conditions.
void read_terms(const Tournament& from, const std::string& path, Problems& problems,
                TournamentPlan& out) {
  const auto wrong = [&](const char* key, std::string what) {
    problems.add(path + "." + key, std::move(what));
  };
  out.id = from.id();
  out.name = from.name();
  out.op = from.operator_();
  if (from.direction() == contract::SCORE_DIRECTION_LOW) out.direction = from.direction();
  if (from.rank_style() != contract::RANK_STYLE_UNSPECIFIED) out.rank_style = from.rank_style();
  out.asset = from.asset();
  out.scale = scale_of(from);
  if (!is_id(from.id())) {
    wrong("id", "\"" + from.id().substr(0, 70) + "\" is no id; allowed: [a-z0-9][a-z0-9._-]{0,63}");
  }
  if (from.name().size() > kNameMax) wrong("name", "is too long; allowed: 200 bytes");
  if (out.op == contract::SCORE_OPERATOR_UNSPECIFIED) wrong("operator", "is required");
  if (scores_amounts(out.op) && out.asset.empty()) {
    wrong("asset", "is required: the score is an amount of it");
  }
  if (!scores_amounts(out.op) && from.scale() != 0) {
    wrong("scale", "is for scores that are amounts; allowed: 0");
  }
  if (from.scale() > kScoreScaleMax) wrong("scale", "is too large; allowed: 0 to 18");
  if (!from.grace().empty()) {
    const auto grace = parse_span(from.grace());
    out.grace_us = grace ? (grace->days * kSecondsPerDay + grace->seconds) * kMicrosPerSecond : 0;
    if (from.grace() != "0s" && (!grace || out.grace_us > kGraceMaxUs)) {
      wrong("grace", "\"" + from.grace().substr(0, 40) +
                         "\" is no grace; allowed: such as \"0s\", \"120s\", \"1h\", at most 7d");
    }
  }
  if (from.minimum_stake().empty()) return;
  const auto minimum = parse_decimal(from.minimum_stake());
  if (!minimum) {
    return wrong("minimum_stake",
                 "\"" + from.minimum_stake().substr(0, 40) +
                     "\" is no amount; allowed: a decimal number such as \"0.50\"");
  }
  out.minimum_stake.emplace();
  for (std::uint32_t scale = 0; scale <= kScaleMax; ++scale) {
    (*out.minimum_stake)[scale] = units_up(*minimum, scale).value_or(kInt128Max);
  }
}

}  // namespace

bool TournamentPlan::counts(const contract::WagerSettled& wager, const PointsEarned& points) const {
  const contract::Amount& stake = wager.stake_total();
  if (!asset.empty()) {
    if (op == contract::SCORE_OPERATOR_POINTS ? points.asset != asset : stake.asset() != asset) {
      return false;
    }
  }
  if (minimum_stake) {
    if (stake.scale() > kScaleMax) return false;
    if (contract::units_of(stake) < (*minimum_stake)[stake.scale()]) return false;
  }
  return conditions.matches(wager);
}

std::optional<std::int64_t> TournamentPlan::worth(const contract::WagerSettled& wager,
                                                  const PointsEarned& points) const {
  const contract::Amount& stake = wager.stake_total();
  WagerAmounts amounts;
  amounts.stake = contract::units_of(stake);
  amounts.scale = stake.scale();
  amounts.points = points.units;
  amounts.points_scale = points.scale;
  if (wager.has_win_total()) {
    // Without a rate of exchange there is no net and no multiplier of two assets.
    const contract::Amount& win = wager.win_total();
    const Int128 units = contract::units_of(win);
    if (units != 0 && (win.asset() != stake.asset() || win.scale() != stake.scale())) {
      if (op != contract::SCORE_OPERATOR_TOTAL_STAKE && op != contract::SCORE_OPERATOR_POINTS &&
          op != contract::SCORE_OPERATOR_COUNT) {
        return std::nullopt;
      }
    }
    amounts.win = units;
  }
  return worth_of(op, amounts, scale);
}

contract::RunTerms TournamentPlan::terms(const RunWindow& run,
                                         std::uint64_t catalog_version) const {
  contract::RunTerms out;
  write_terms(run, catalog_version, out);
  return out;
}

void TournamentPlan::write_terms(const RunWindow& run, std::uint64_t catalog_version,
                                 contract::RunTerms& out) const {
  out.set_start_us(run.start);
  out.set_end_us(run.end);
  out.set_grace_us(grace_us);
  out.set_operator_(op);
  out.set_direction(direction);
  out.set_scale(scale);
  out.set_rank_style(rank_style);
  out.set_asset(asset);
  out.set_catalog_version(catalog_version);
}

std::shared_ptr<const TournamentsPlan> TournamentsPlan::compile(
    const contract::Tournaments& document, const Zones& zones, Problems& problems) {
  auto out = std::make_shared<TournamentsPlan>();
  if (document.tournament_size() > kTournamentsMax) {
    problems.add("tournament", "has " + std::to_string(document.tournament_size()) +
                                   " tables; allowed: " + std::to_string(kTournamentsMax));
    return nullptr;
  }
  bool good = true;
  out->all_.reserve(static_cast<std::size_t>(document.tournament_size()));
  for (int i = 0; i < document.tournament_size(); ++i) {
    const Tournament& from = document.tournament(i);
    const std::string path = at_index("tournament", i);
    Problems here;
    TournamentPlan plan;
    read_terms(from, path, here, plan);
    plan.conditions =
        Conditions(from.wagers(), path + ".wagers",
                   [&here](const std::string& at, const std::string& what) { here.add(at, what); });
    auto schedule = Schedule::compile(from, zones, path, here);
    if (schedule) {
      if (from.every().empty() && from.at_size() == 0 &&
          schedule->ends() - schedule->begins() > kRunMaxUs) {
        here.add(path + ".end",
                 "is too late: a run has at most " + std::to_string(kSpanDaysMax) + " days");
      }
      plan.schedule = std::move(*schedule);
    }
    const auto at = static_cast<std::uint32_t>(i);
    if (!out->by_id_.emplace(from.id(), at).second) {
      here.add(path + ".id", "\"" + from.id().substr(0, 70) + "\" is there twice");
    }
    for (const Problem& each : here.all()) problems.add(each.path, each.message);
    good = good && here.empty();
    out->all_.push_back(std::move(plan));
    if (good) out->add_to_index(from.wagers(), at);
  }
  if (!good) return nullptr;
  for (Index* index : {&out->by_game_, &out->by_category_}) {
    for (auto& [name, list] : *index) list.sort();
  }
  out->others_.sort();
  return out;
}

void TournamentsPlan::add_to_index(const contract::Conditions& wagers, std::uint32_t at) {
  const Schedule& schedule = all_[at].schedule;
  const List::Entry entry{schedule.begins(), schedule.ends(), 0, at};
  const auto add = [&](Index& index, const auto& names) {
    for (const std::string& name : names) {
      auto& entries = index[name].entries;
      if (entries.empty() || entries.back().at != at) entries.push_back(entry);  // named twice
    }
  };
  if (wagers.games_size() > 0) {
    add(by_game_, wagers.games());
  } else if (wagers.categories_size() > 0) {
    add(by_category_, wagers.categories());
  } else {
    others_.entries.push_back(entry);
  }
}

void TournamentsPlan::List::sort() {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.begins < b.begins; });
  TimeUs latest = std::numeric_limits<TimeUs>::min();
  for (Entry& entry : entries) entry.latest_end = latest = std::max(latest, entry.ends);
}

const TournamentPlan* TournamentsPlan::find(std::string_view id) const {
  const auto it = by_id_.find(std::string(id));
  return it == by_id_.end() ? nullptr : &all_[it->second];
}

void TournamentsPlan::each_in(const List& list, TimeUs time,
                              const std::function<void(const TournamentPlan&)>& each) const {
  auto it = std::upper_bound(list.entries.begin(), list.entries.end(), time,
                             [](TimeUs at, const List::Entry& entry) { return at < entry.begins; });
  while (it != list.entries.begin()) {
    --it;
    if (it->latest_end <= time) return;
    if (it->ends > time) each(all_[it->at]);
  }
}

void TournamentsPlan::candidates(const contract::WagerSettled& wager, TimeUs time,
                                 const std::function<void(const TournamentPlan&)>& each) const {
  if (!by_game_.empty()) {
    if (const auto it = by_game_.find(wager.game_id()); it != by_game_.end()) {
      each_in(it->second, time, each);
    }
  }
  if (!by_category_.empty()) {
    if (const auto it = by_category_.find(wager.game_category()); it != by_category_.end()) {
      each_in(it->second, time, each);
    }
  }
  each_in(others_, time, each);
}

void each_run(const contract::WagerSettled& wager, TimeUs time, const PointsEarned& points,
              const std::function<PlanInForce(TimeUs)>& plan_at,
              const std::function<void(const CountedRun&)>& each) {
  if (time < 0) return;  // no run holds it
  // Back through the versions as long as a run that began under one can still be going on.
  TimeUs at = time;
  TimeUs until = std::numeric_limits<TimeUs>::max();  // where the next version begins
  for (;;) {
    const PlanInForce here = plan_at(at);
    const auto judge = [&](const TournamentPlan& tournament) {
      if (!tournament.counts(wager, points)) return;
      const auto run = tournament.schedule.run_at(time);
      if (!run || run->start < here.since || run->start >= until) return;
      const auto worth = tournament.worth(wager, points);
      if (worth) each({tournament, *run, *worth, here.catalog_version});
    };
    // A copy of what refers to so much would allocate.
    if (here.plan != nullptr) here.plan->candidates(wager, time, std::cref(judge));
    if (here.since <= time - kRunMaxUs) return;
    until = here.since;
    at = here.since - 1;
  }
}

}  // namespace laurel::rules
