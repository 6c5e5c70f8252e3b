#include "actors/player/player.h"

#include <utility>

#include "actors/player/contributions.h"
#include "actors/player/ledger.h"
#include "laurel/api/civil.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/outputs.pb.h"

namespace laurel::actors::player {
namespace {

using contract::Amount;
using contract::Rational;
using contract::WagerSettled;

// Key of a row of `days`: 2021-11-01.
std::string date_of(std::int32_t day) {
  const CivilTime civil = civil_of(std::int64_t{day} * kSecondsPerDay);
  const auto two = [](std::uint8_t value) {
    return std::string{static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  };
  return std::to_string(civil.year) + "-" + two(civil.month) + "-" + two(civil.day);
}

// Units, when they are of the programme's points; a programme with other points starts anew.
Int128 points_in(const Amount& amount, const ProgramPlan& plan) {
  return amount.asset() == plan.points_asset && amount.scale() == plan.points_scale
             ? contract::units_of(amount)
             : 0;
}

void set_ratio(Rational& out, const rules::Ratio& ratio) {
  out.set_num(static_cast<std::int64_t>(ratio.num));
  out.set_den(static_cast<std::int64_t>(ratio.den));
}

// Why a wager earned what it did.
void explain(const Earned& earned, const WagerSettled& wager, const ProgramPlan& plan,
             LedgerBody& body) {
  *body.mutable_stake() = wager.stake_total();
  for (const ProgramPlan::Rule* rule : earned.rules) {
    LedgerBody::Rule& out = *body.add_rules();
    out.set_name(rule->name);
    if (rule->per_stake) *out.mutable_per_stake() = *rule->per_stake;
    if (rule->per_win) *out.mutable_per_win() = *rule->per_win;
    if (rule->fixed) *out.mutable_fixed() = *rule->fixed;
    if (rule->per_win && wager.has_win_total()) *body.mutable_win() = wager.win_total();
  }
  if (!earned.tier->name.empty()) {
    body.set_tier(earned.tier->name);
    set_ratio(*body.mutable_tier_multiplier(), earned.tier->multiplier);
  }
  for (const ProgramPlan::Campaign* campaign : earned.campaigns) {
    LedgerBody::Multiplier& out = *body.add_campaigns();
    out.set_campaign(campaign->name);
    set_ratio(*out.mutable_multiplier(), campaign->multiplier);
  }
  if (!earned.capped_by.empty()) {
    contract::set_amount(*body.mutable_uncapped(), earned.uncapped, plan.points_asset,
                         plan.points_scale);
    body.set_capped_by(std::string(earned.capped_by));
  }
}

}  // namespace

void Player::on(const WagerSettled& wager, Turn& turn) {
  auto& note = turn.scratch<WagerNote>();
  if (void_came_first(wager, turn)) {
    state().set_wagers(state().wagers() + 1);
    note.set_void_came_first(true);
    return turn.remember(note);
  }
  if (wager.is_test()) {
    state().set_test_wagers(state().test_wagers() + 1);
    return;
  }
  const auto* plan = turn.plan<ProgramPlan>();
  if (plan == nullptr) {
    return turn.reject("no-program", "the catalog has no program.toml: add it and replay");
  }
  Standing standing;
  standing.lifetime = points_in(
      amount_of(*state().mutable_lifetime(), plan->points_asset, plan->points_scale), *plan);
  if (plan->per_day) {
    const auto day = rules::local_day(*plan->zones, plan->zone, turn.now());
    note.mutable_day()->set_day(*day);  // the zone is known: the plan was compiled with it
    standing.earned_that_day = earned_on(*day, *plan, turn);
  }
  const Earned earned = evaluate(*plan, wager, turn.now(), standing);
  if (!earned.reject_code.empty()) return turn.reject(earned.reject_code, earned.reject_detail);
  state().set_wagers(state().wagers() + 1);
  // A wager that earns nothing is counted, but there is nothing to enter.
  amount_of(*state().mutable_balances(), plan->points_asset, plan->points_scale);
  if (earned.points != 0 && !book(earned, wager, *plan, note, turn)) return;
  contribute(wager, {earned.points, plan->points_asset, plan->points_scale}, note, turn);
  update_tier(*plan, turn);
  // What caused nothing leaves no note: there is nothing that a void would take back.
  if (note.entries_size() == 0 && note.runs_size() == 0 && earned.capped_by.empty()) return;
  note.set_catalog_version(turn.cause().catalog_version);
  note.set_tier(earned.tier->name);
  note.set_capped_by(std::string(earned.capped_by));
  turn.remember(note);
}

bool Player::book(const Earned& earned, const WagerSettled& wager, const ProgramPlan& plan,
                  WagerNote& note, Turn& turn) {
  Posting posting{plan.points_asset, plan.points_scale, earned.points, turn.scratch<LedgerBody>()};
  explain(earned, wager, plan, posting.body);
  posting.body.set_reason("wager-settled");
  posting.body.set_catalog_version(turn.cause().catalog_version);
  const std::uint64_t sequence = post(posting, state(), turn);
  if (sequence == 0) return false;
  WagerNote::Entry& entry = *note.add_entries();
  entry.set_sequence(sequence);
  contract::set_amount(*entry.mutable_delta(), earned.points, plan.points_asset, plan.points_scale);
  if (!add_lifetime(entry.delta(), turn)) return false;
  if (note.has_day()) {
    earn_today(earned.points, plan);
    *note.mutable_day()->mutable_earned() = entry.delta();
  }
  return true;
}

bool Player::add_lifetime(const Amount& points, Turn& turn) {
  Amount& lifetime = amount_of(*state().mutable_lifetime(), points.asset(), points.scale());
  if (lifetime.scale() != points.scale()) {
    turn.reject("scale-mismatch", "the player's " + points.asset() + " have another scale");
    return false;
  }
  const auto after = checked_add(contract::units_of(lifetime), contract::units_of(points));
  if (!after) {
    turn.reject("amount-overflow", "the lifetime points do not fit 128 bits");
    return false;
  }
  contract::set_units(lifetime, *after);
  return true;
}

void Player::update_tier(const ProgramPlan& plan, Turn& turn) {
  const Amount& lifetime =
      amount_of(*state().mutable_lifetime(), plan.points_asset, plan.points_scale);
  const std::string& tier = plan.tier_of(points_in(lifetime, plan)).name;
  if (tier == state().tier()) return;
  auto& changed = turn.scratch<contract::TierChanged>();
  changed.set_player(turn.self().key);
  changed.set_tier_before(state().tier());
  changed.set_tier(tier);
  *changed.mutable_lifetime() = lifetime;
  changed.mutable_cause_event()->assign(turn.cause().event_id);
  turn.emit("tiers", turn.self().key, changed);
  state().set_tier(tier);
}

Int128 Player::earned_on(std::int32_t day, const ProgramPlan& plan, Turn& turn) {
  if (!state().has_today() || state().today().day() != day) {
    const DayEarned& last = state().today();
    if (last.has_earned()) turn.put("days", date_of(last.day()), last);
    DayEarned other;
    if (!turn.get("days", date_of(day), other)) other.set_day(day);
    *state().mutable_today() = std::move(other);
  }
  return points_in(state().today().earned(), plan);
}

void Player::earn_today(Int128 points, const ProgramPlan& plan) {
  const Int128 before = points_in(state().today().earned(), plan);
  // Both are below the cap of a day, which is far below the limit.
  contract::set_amount(*state().mutable_today()->mutable_earned(), before + points,
                       plan.points_asset, plan.points_scale);
}

void Player::give_back_room(const DayEarned& taken, Turn& turn) {
  const auto less = [&](DayEarned& counted) {
    const Amount& points = taken.earned();
    Amount& earned = *counted.mutable_earned();
    // Counted in other points meanwhile, there is nothing to give back.
    if (earned.asset() != points.asset() || earned.scale() != points.scale()) return;
    contract::set_units(earned, contract::units_of(earned) - contract::units_of(points));
  };
  if (state().has_today() && state().today().day() == taken.day()) {
    return less(*state().mutable_today());
  }
  DayEarned other;
  if (!turn.get("days", date_of(taken.day()), other)) return;
  less(other);
  turn.put("days", date_of(taken.day()), other);
}

ActorType actor_type() {
  return describe<Player>("player")
      .takes<WagerSettled>()
      .takes<contract::WagerVoided>()
      .handles<contract::PointsCredit>()
      .log_table<LedgerEntry>("ledger", &restore_entry)
      .keyed_table<DayEarned>("days")
      .keyed_table<EarlyVoid>("early_voids")
      .settings<EarnProgram, ProgramPlan>("program", &compile_program)
      .settings<contract::Tournaments, rules::TournamentsPlan>("tournaments",
                                                               &rules::TournamentsPlan::compile);
}

}  // namespace laurel::actors::player
