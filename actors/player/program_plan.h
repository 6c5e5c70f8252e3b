/// ProgramPlan: program.toml, checked and made ready, and what a wager earns by it.
///
///     points = min( day's room, bet's cap,
///                   round( (stake x per_stake + win x per_win + fixed)     the rules it matches
///                          x tier x campaign x campaign ... ) )            exact, rounded once
///
/// Why        A pure function of (wager, time, standing): the same in a replay, a dispute, a test.
/// Threads    Immutable once compiled.
/// Limits     kRulesMax rules, kTiersMax tiers, kCampaignsMax campaigns, kPointsScaleMax decimals.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/player/player.pb.h"
#include "laurel/api/settings.h"
#include "laurel/api/turn.h"
#include "laurel/api/zones.h"
#include "laurel/contract/int128.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/rules/conditions.h"
#include "laurel/rules/rate.h"
#include "laurel/rules/window.h"

namespace laurel::actors::player {

inline constexpr int kRulesMax = 256;
inline constexpr int kTiersMax = 100;
inline constexpr int kCampaignsMax = 1000;
inline constexpr std::uint32_t kPointsScaleMax = 18;
/// Of the numerator and the denominator of each rate and multiplier.
inline constexpr std::int64_t kRatePartMax = 1'000'000'000;

class ProgramPlan {
 public:
  struct Rule {
    std::string name;
    std::string asset;  // empty: any
    rules::Conditions when;
    // As in the document, for explanations.
    std::optional<contract::Rational> per_stake, per_win, fixed;
    // Over the common denominator.
    std::uint64_t stake_num = 0, win_num = 0, fixed_num = 0, den = 1;
  };
  struct Tier {
    std::string name;  // empty: none, below the first
    Int128 from = 0;   // minor units of the points
    rules::Ratio multiplier;
  };
  struct Campaign {
    std::string name;
    int group = -1;  // -1: none
    rules::Window window;
    rules::Conditions when;
    rules::Ratio multiplier;
  };

  /// The tier held with that many lifetime points (minor units). Never null.
  const Tier& tier_of(Int128 lifetime) const;
  bool has_asset(const std::string& asset) const;

  std::string points_asset;
  std::uint32_t points_scale = 0;
  std::string zone;
  const Zones* zones = nullptr;
  rules::Rounding rounding = rules::Rounding::kDown;
  bool match_all = false;
  std::vector<Rule> earn;
  std::vector<Tier> tiers;  // ascending; the first from 0
  std::vector<Campaign> campaigns;
  std::optional<Int128> per_bet, per_day;  // minor units
  std::vector<std::string> assets;         // sorted, of the rules; meaningless with any_asset
  bool any_asset = false;
};

/// Null exactly when it found problems. REQUIRES: zones outlive the plan.
std::shared_ptr<const ProgramPlan> compile_program(const EarnProgram& document, const Zones& zones,
                                                   Problems& problems);

/// What the player has before the wager, in minor units of the points.
struct Standing {
  Int128 lifetime = 0;
  Int128 earned_that_day = 0;  // 0 where there is no cap of the day
};

/// What a wager earns, and why.
struct Earned {
  std::string_view reject_code;  // empty: accepted
  std::string reject_detail;
  Int128 points = 0;
  Int128 uncapped = 0;
  std::string_view capped_by;  // empty, bet, day
  const ProgramPlan::Tier* tier = nullptr;
  std::vector<const ProgramPlan::Rule*> rules;
  std::vector<const ProgramPlan::Campaign*> campaigns;
};

Earned evaluate(const ProgramPlan& plan, const contract::WagerSettled& wager, TimeUs at,
                const Standing& standing);

}  // namespace laurel::actors::player
