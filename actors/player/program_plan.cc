#include "actors/player/program_plan.h"

#include <algorithm>

#include "laurel/contract/amount.h"
#include "laurel/rules/decimal.h"

namespace laurel::actors::player {
namespace {

using contract::WagerSettled;
using rules::Exact;

Earned rejected(std::string_view code, std::string detail) {
  Earned out;
  out.reject_code = code;
  out.reject_detail = std::move(detail);
  return out;
}

// Adds what a rule earns, in minor units of the stake, over the rule's denominator.
std::optional<Earned> add_rule(const ProgramPlan::Rule& rule, const WagerSettled& wager,
                               Exact& exact) {
  const contract::Amount& stake = wager.stake_total();
  exact.add(static_cast<Uint128>(contract::units_of(stake)), rule.stake_num);
  if (rule.win_num != 0 && wager.has_win_total()) {
    const contract::Amount& win = wager.win_total();
    if (contract::units_of(win) < 0) return rejected("bad-amount", "a win is not negative");
    if (win.asset() != stake.asset() || win.scale() != stake.scale()) {
      return rejected("win-asset-mismatch",
                      "rule " + rule.name + " earns on wins: the win is in " + win.asset() +
                          " with scale " + std::to_string(win.scale()) + ", the stake in " +
                          stake.asset() + " with scale " + std::to_string(stake.scale()));
    }
    exact.add(static_cast<Uint128>(contract::units_of(win)), rule.win_num);
  }
  if (rule.fixed_num != 0) {
    exact.add(static_cast<Uint128>(rules::power_of_ten(stake.scale())), rule.fixed_num);
  }
  return std::nullopt;
}

// The rules a wager matches: the first, or all.
std::vector<const ProgramPlan::Rule*> matching(const ProgramPlan& plan, const WagerSettled& wager) {
  std::vector<const ProgramPlan::Rule*> out;
  for (const ProgramPlan::Rule& rule : plan.earn) {
    if (!rule.asset.empty() && rule.asset != wager.stake_total().asset()) continue;
    if (!rule.when.matches(wager)) continue;
    out.push_back(&rule);
    if (!plan.match_all) break;
  }
  return out;
}

// The campaigns that count: of a group that with the largest multiplier, the first of equal ones.
std::vector<const ProgramPlan::Campaign*> running(const ProgramPlan& plan,
                                                  const WagerSettled& wager, TimeUs at) {
  std::vector<const ProgramPlan::Campaign*> out;
  for (const ProgramPlan::Campaign& campaign : plan.campaigns) {
    if (!campaign.window.contains(at) || !campaign.when.matches(wager)) continue;
    const auto rival = std::find_if(out.begin(), out.end(), [&](const auto* other) {
      return campaign.group >= 0 && other->group == campaign.group;
    });
    if (rival == out.end()) {
      out.push_back(&campaign);
    } else if (rules::less((*rival)->multiplier, campaign.multiplier)) {
      *rival = &campaign;
    }
  }
  return out;
}

void apply_caps(const ProgramPlan& plan, const Standing& standing, Earned& out) {
  out.points = out.uncapped;
  const auto cap = [&](Int128 most, std::string_view by) {
    if (out.points <= most) return;
    out.points = most;
    out.capped_by = by;
  };
  if (plan.per_bet) cap(*plan.per_bet, "bet");
  if (plan.per_day) {
    // A correction may have left more than the cap: then there is no room, not less than none.
    cap(std::max<Int128>(0, *plan.per_day - standing.earned_that_day), "day");
  }
}

}  // namespace

const ProgramPlan::Tier& ProgramPlan::tier_of(Int128 lifetime) const {
  const auto above =
      std::upper_bound(tiers.begin() + 1, tiers.end(), lifetime,
                       [](Int128 points, const Tier& tier) { return points < tier.from; });
  return *(above - 1);
}

bool ProgramPlan::has_asset(const std::string& asset) const {
  return any_asset || std::binary_search(assets.begin(), assets.end(), asset);
}

Earned evaluate(const ProgramPlan& plan, const WagerSettled& wager, TimeUs at,
                const Standing& standing) {
  const contract::Amount& stake = wager.stake_total();
  if (stake.scale() > rules::kScaleMax || contract::units_of(stake) < 0) {
    return rejected("bad-amount", "a stake is not negative and has at most 38 decimals");
  }
  if (!plan.has_asset(stake.asset())) {
    return rejected("asset-not-in-program", "no rule of program.toml earns on " + stake.asset());
  }
  Earned out;
  out.tier = &plan.tier_of(standing.lifetime);
  out.rules = matching(plan, wager);
  if (out.rules.empty()) return out;

  Exact exact;
  for (const ProgramPlan::Rule* rule : out.rules) {
    if (auto wrong = add_rule(*rule, wager, exact)) return std::move(*wrong);
  }
  if (exact.is_zero()) return out;
  exact.multiply({1, out.rules.front()->den});
  exact.shift(static_cast<int>(plan.points_scale) - static_cast<int>(stake.scale()));
  exact.multiply(out.tier->multiplier);
  out.campaigns = running(plan, wager, at);
  for (const ProgramPlan::Campaign* campaign : out.campaigns) exact.multiply(campaign->multiplier);
  const auto points = exact.round(plan.rounding);
  if (!points) return rejected("amount-overflow", "the points of the wager do not fit 128 bits");
  out.uncapped = *points;
  apply_caps(plan, standing, out);
  return out;
}

}  // namespace laurel::actors::player
