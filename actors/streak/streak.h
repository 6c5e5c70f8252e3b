/// Streak: a bonus for every N days in a row on which a player wagered.
///
/// Why        The worked example of a reward that is a folder of its own: it takes the player's
///            events beside the player, and asks the player for a credit.
/// Exact      The bonuses owed are a function of the days that have a wager which is not void: for
///            each row of days, its length / N. Whatever order wagers and voids come in, what was
///            credited is what is owed.
/// Identity   streak/PLAYER.
/// Takes      WagerSettled, WagerVoided.
/// Sends      PointsCredit to player/PLAYER: reason streak, or streak-voided when it is taken back.
/// Cost       A wager of the day that is the latest: the root alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actors/streak/streak.pb.h"
#include "laurel/api/actor_type.h"
#include "laurel/api/settings.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/rules/conditions.h"

namespace laurel::actors::streak {

/// catalog/streak.toml, checked.
struct StreakPlan {
  std::uint32_t days = 0;
  std::string zone;
  contract::Amount bonus;
  rules::Conditions wagers;
  const Zones* zones = nullptr;
};
std::shared_ptr<const StreakPlan> compile(const Settings& settings, const Zones& zones,
                                          Problems& problems);

class Streak : public Actor<State> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn);
  void on(const contract::WagerVoided& voided, Turn& turn);

 private:
  /// One wager more (change 1) or less (-1) on that day; `plan`: what a new row of days begins
  /// with.
  void count(std::int32_t day, int change, const StreakPlan* plan, Turn& turn);
  /// Adds the change; the wagers of the day after it.
  std::uint64_t add_to_day(std::int32_t day, int change, Turn& turn);
  /// The day joins its neighbours, or leaves a gap; how many more bonuses are owed.
  std::int64_t join(std::int32_t day, std::uint32_t days, Turn& turn);
  std::int64_t split(std::int32_t day, Turn& turn);
  void credit(const StreakPlan& plan, Turn& turn);
  void take_back(Turn& turn);
};

ActorType actor_type();

}  // namespace laurel::actors::streak
