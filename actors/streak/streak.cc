#include "actors/streak/streak.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "laurel/contract/amount.h"
#include "laurel/contract/credit.pb.h"
#include "laurel/rules/window.h"

namespace laurel::actors::streak {
namespace {

// Big-endian with the sign bit turned: days sort as numbers do.
std::string day_key(std::int32_t day) {
  const std::uint32_t bits = static_cast<std::uint32_t>(day) ^ 0x8000'0000U;
  std::string key;
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(bits >> shift));
  return key;
}

std::string number_key(std::uint64_t number) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

std::string wager_key(std::string_view source, const std::string& tx) {
  return std::string(source) + '\0' + tx;
}

std::int64_t bonuses_of(const Row& row) {
  const std::int64_t length = std::int64_t{row.last()} - row.first() + 1;
  return row.days() == 0 || length < 0 ? 0 : length / row.days();
}

// Rows whose last day is that one or later, at most `count`, in order.
std::vector<Row> rows_from(std::int32_t day, std::size_t count, Turn& turn) {
  std::vector<Row> rows;
  turn.scan("rows", day_key(day), [&](std::string_view, std::string_view bytes) {
    Row row;
    if (row.ParseFromString(std::string(bytes))) rows.push_back(std::move(row));
    return rows.size() < count;
  });
  return rows;
}

Row make_row(std::int32_t first, std::int32_t last, std::uint32_t days) {
  Row row;
  row.set_first(first);
  row.set_last(last);
  row.set_days(days);
  return row;
}

}  // namespace

std::shared_ptr<const StreakPlan> compile(const Settings& settings, const Zones& zones,
                                          Problems& problems) {
  auto plan = std::make_shared<StreakPlan>();
  plan->days = settings.days();
  plan->zone = settings.zone().empty() ? "UTC" : settings.zone();
  plan->zones = &zones;
  if (plan->days < 2 || plan->days > 366)
    problems.add("days", "is out of range; allowed: 2 to 366");
  if (settings.bonus() == 0) problems.add("bonus", "is nothing; allowed: 1 or more");
  if (settings.points_asset().empty() || settings.points_asset().size() > 32) {
    problems.add("points_asset", "has a wrong length; allowed: 1 to 32 characters");
  }
  if (settings.points_scale() > 18) problems.add("points_scale", "is too large; allowed: 0 to 18");
  if (!zones.known(plan->zone)) {
    problems.add("zone", "\"" + plan->zone.substr(0, 40) + "\" is no IANA zone known here");
  }
  plan->bonus =
      contract::make_amount(settings.bonus(), settings.points_asset(), settings.points_scale());
  plan->wagers = rules::Conditions(
      settings.wagers(), "wagers",
      [&](const std::string& path, const std::string& what) { problems.add(path, what); });
  if (!problems.empty()) return nullptr;
  return plan;
}

void Streak::on(const contract::WagerSettled& wager, Turn& turn) {
  if (wager.is_test()) return turn.decline();
  if (state().early_voids() > 0) {
    const std::string key = wager_key(turn.cause().source, wager.tx_id());
    EarlyVoid early;
    if (turn.get("early_voids", key, early)) {
      turn.erase("early_voids", key);
      state().set_early_voids(state().early_voids() - 1);
      return;
    }
  }
  const auto* plan = turn.plan<StreakPlan>();
  if (plan == nullptr || !plan->wagers.matches(wager)) return turn.decline();
  const auto day = rules::local_day(*plan->zones, plan->zone, turn.now());
  if (!day) return turn.decline();
  Note note;
  note.set_counted(true);
  note.set_day(*day);
  turn.remember(note);
  count(*day, 1, plan, turn);
}

void Streak::on(const contract::WagerVoided& voided, Turn& turn) {
  if (voided.is_test()) return turn.decline();
  // A wager of which a part stands was made all the same.
  if (voided.partial()) return turn.decline();
  Note note;
  if (!turn.recall(*contract::WagerSettled::descriptor(),
                   {turn.cause().source, turn.self().key, voided.voids_tx_id()}, nullptr, &note)) {
    if (turn.plan<StreakPlan>() == nullptr) return turn.decline();
    turn.put("early_voids", wager_key(turn.cause().source, voided.voids_tx_id()), EarlyVoid());
    state().set_early_voids(state().early_voids() + 1);
    return;
  }
  if (!note.counted()) return turn.decline();
  count(note.day(), -1, nullptr, turn);
}

void Streak::count(std::int32_t day, int change, const StreakPlan* plan, Turn& turn) {
  const std::uint64_t wagers = add_to_day(day, change, turn);
  std::int64_t more = 0;
  if (change > 0 && wagers == 1) more = join(day, plan->days, turn);
  if (change < 0 && wagers == 0) more = split(day, turn);
  for (; more > 0; --more) credit(*plan, turn);
  for (; more < 0; ++more) take_back(turn);
}

std::uint64_t Streak::add_to_day(std::int32_t day, int change, Turn& turn) {
  const auto plus = [change](std::uint64_t wagers) {
    return change > 0 ? wagers + 1 : wagers - std::min<std::uint64_t>(wagers, 1);
  };
  if (!state().has_day() || day > state().day()) {
    if (state().wagers() > 0) {
      Day before;
      before.set_wagers(state().wagers());
      turn.put("days", day_key(state().day()), before);
    }
    Day row;  // counted once, and all of it voided
    if (turn.get("days", day_key(day), row)) turn.erase("days", day_key(day));
    state().set_day(day);
    state().set_wagers(plus(row.wagers()));
    return state().wagers();
  }
  if (day == state().day()) {
    state().set_wagers(plus(state().wagers()));
    return state().wagers();
  }
  Day row;
  (void)turn.get("days", day_key(day), row);
  row.set_wagers(plus(row.wagers()));
  if (row.wagers() == 0) {
    turn.erase("days", day_key(day));
  } else {
    turn.put("days", day_key(day), row);
  }
  return row.wagers();
}

std::int64_t Streak::join(std::int32_t day, std::uint32_t days, Turn& turn) {
  std::optional<Row> left, right;
  if (state().has_latest() && day > state().latest().last()) {
    if (state().latest().last() == day - 1) left = state().latest();
  } else {
    for (const Row& row : rows_from(day - 1, 2, turn)) {
      if (row.last() == day - 1) left = row;
      if (row.first() == day + 1) right = row;
    }
  }
  Row joined = make_row(day, day, days);
  std::int64_t before = 0;
  if (right) {
    before += bonuses_of(*right);
    joined.set_last(right->last());
    joined.set_days(right->days());
  }
  if (left) {
    before += bonuses_of(*left);
    joined.set_first(left->first());
    joined.set_days(left->days());
    turn.erase("rows", day_key(left->last()));
  }
  turn.put("rows", day_key(joined.last()), joined);
  if (!state().has_latest() ? joined.last() >= state().day()
                            : joined.last() >= state().latest().last()) {
    *state().mutable_latest() = joined;
  }
  return bonuses_of(joined) - before;
}

std::int64_t Streak::split(std::int32_t day, Turn& turn) {
  const auto found = rows_from(day, 1, turn);
  if (found.empty() || found.front().first() > day) return 0;
  const Row& row = found.front();
  const Row left = make_row(row.first(), day - 1, row.days());
  const Row right = make_row(day + 1, row.last(), row.days());
  const bool is_latest = state().has_latest() && state().latest().last() == row.last();
  if (is_latest) state().clear_latest();
  turn.erase("rows", day_key(row.last()));
  std::int64_t after = 0;
  for (const Row& part : {left, right}) {
    if (part.first() > part.last()) continue;
    after += bonuses_of(part);
    turn.put("rows", day_key(part.last()), part);
    if (is_latest) *state().mutable_latest() = part;
  }
  return after - bonuses_of(row);
}

void Streak::credit(const StreakPlan& plan, Turn& turn) {
  Credit credit;
  *credit.mutable_amount() = plan.bonus;
  state().set_credits(state().credits() + 1);
  credit.set_reference("streak/" + std::to_string(state().credits()));
  state().set_bonuses(state().bonuses() + 1);
  turn.put("credits", number_key(state().bonuses()), credit);
  contract::PointsCredit points;
  *points.mutable_delta() = credit.amount();
  points.set_reason("streak");
  points.set_reference(credit.reference());
  turn.send({"player", turn.self().key}, points);
}

void Streak::take_back(Turn& turn) {
  Credit credit;
  const std::string key = number_key(state().bonuses());
  if (state().bonuses() == 0 || !turn.get("credits", key, credit)) return;
  turn.erase("credits", key);
  state().set_bonuses(state().bonuses() - 1);
  contract::PointsCredit points;
  *points.mutable_delta() = contract::make_amount(-contract::units_of(credit.amount()),
                                                  credit.amount().asset(), credit.amount().scale());
  points.set_reason("streak-voided");
  points.set_reference(credit.reference());
  turn.send({"player", turn.self().key}, points);
}

ActorType actor_type() {
  return describe<Streak>("streak")
      .takes<contract::WagerSettled>()
      .takes<contract::WagerVoided>()
      .only_with("streak")
      .keyed_table<Day>("days")
      .keyed_table<Row>("rows")
      .keyed_table<Credit>("credits")
      .keyed_table<EarlyVoid>("early_voids")
      .settings<Settings, StreakPlan>("streak", &compile);
}

}  // namespace laurel::actors::streak
