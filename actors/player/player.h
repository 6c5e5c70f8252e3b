/// Player: balances per asset, the ledger that explains them, the tier.
///
/// Why        One owner per player: every point has one entry, one cause, one place in one chain.
/// Takes      WagerSettled, WagerVoided, by their player.
/// Handles    PointsCredit from other reward actors of the player.
/// Sends      Contribution and Retraction to entry/RUN/PLAYER (contributions.h).
/// Tables     ledger (log): hash-chained LedgerEntry, sequence 1..n. days: points of the days that
/// a
///            cap counts. early_voids: voids whose wager has not come.
/// Emits      `balances` (the last of a commit), `ledger` (every entry), `tiers` (every change).
/// Order      Tier and caps are those before the wager, in order of application. A void takes back
///            what its wager caused; what was decided after it stays.
/// Errors     rejects: no-program, asset-not-in-program, win-asset-mismatch, scale-mismatch,
///            bad-amount, amount-overflow, partial-void, bad-credit.
#pragma once

#include <string>

#include "actors/player/player.pb.h"
#include "actors/player/program_plan.h"
#include "laurel/api/actor_type.h"
#include "laurel/contract/credit.pb.h"
#include "laurel/contract/int128.h"
#include "laurel/contract/wager.pb.h"

namespace laurel::actors::player {

class Player : public Actor<PlayerState> {
 public:
  void on(const contract::WagerSettled& wager, Turn& turn);
  void on(const contract::WagerVoided& voided, Turn& turn);
  void on(const contract::PointsCredit& credit, Turn& turn);

 private:
  /// A void of this wager waited for it, and does so no more.
  bool void_came_first(const contract::WagerSettled& wager, Turn& turn);
  /// Negates what a wager caused, as its note says; false: rejected.
  bool take_back(const WagerNote& note, const contract::WagerVoided& voided, Turn& turn);
  /// What a voided wager had taken of its own day's cap can be earned again.
  void give_back_room(const DayEarned& taken, Turn& turn);
  /// Points of a day of the programme's zone so far, as a cap counts them.
  Int128 earned_on(std::int32_t day, const ProgramPlan& plan, Turn& turn);
  /// REQUIRES: the day is that of the last earned_on().
  void earn_today(Int128 points, const ProgramPlan& plan);
  /// Books what a wager earned; false: rejected.
  bool book(const Earned& earned, const contract::WagerSettled& wager, const ProgramPlan& plan,
            WagerNote& note, Turn& turn);
  /// False: rejected.
  bool add_lifetime(const contract::Amount& points, Turn& turn);
  void update_tier(const ProgramPlan& plan, Turn& turn);
};

ActorType actor_type();

}  // namespace laurel::actors::player
