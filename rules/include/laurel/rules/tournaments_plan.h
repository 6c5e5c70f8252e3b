/// TournamentsPlan: catalog/tournaments.toml, checked and indexed: which runs does a wager count
/// for?
///
/// Why        Every wager asks, and most count for few of thousands of tournaments: one that counts
///            for nothing must cost next to nothing. Tournaments are found by game, else by
///            category, and among those only the ones going on at the time are looked at.
/// Versions   A run belongs to the version of the catalog in force at its start, whatever came
///            later (each_run): a run that is going on is never redefined by a publication.
/// Threads    Immutable: any thread.
/// Limits     kTournamentsMax tournaments; a run is at most kRunMaxUs long.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "laurel/api/settings.h"
#include "laurel/api/turn.h"
#include "laurel/api/zones.h"
#include "laurel/contract/tournament.pb.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/rules/conditions.h"
#include "laurel/rules/decimal.h"
#include "laurel/rules/schedule.h"
#include "laurel/rules/scoring.h"

namespace laurel::rules {

inline constexpr int kTournamentsMax = 20'000;
inline constexpr TimeUs kRunMaxUs = TimeUs{kSpanDaysMax + 1} * 86'400 * 1'000'000;
inline constexpr TimeUs kGraceDefaultUs = TimeUs{120} * 1'000'000;
inline constexpr TimeUs kGraceMaxUs = TimeUs{7} * 86'400 * 1'000'000;

/// Points a wager earned.
struct PointsEarned {
  Int128 units = 0;
  std::string_view asset;
  std::uint32_t scale = 0;
};

/// One tournament as the catalog defines it.
struct TournamentPlan {
  std::string id;
  std::string name;
  contract::ScoreOperator op = contract::SCORE_OPERATOR_UNSPECIFIED;
  contract::ScoreDirection direction = contract::SCORE_DIRECTION_HIGH;
  contract::RankStyle rank_style = contract::RANK_STYLE_ORDINAL;
  std::string asset;  // empty: any
  std::uint32_t scale = 0;
  TimeUs grace_us = kGraceDefaultUs;
  Conditions conditions;
  std::optional<std::array<Int128, kScaleMax + 1>>
      minimum_stake;  // minor units by the stake's scale
  Schedule schedule;

  /// Whether the wager counts, its time apart.
  bool counts(const contract::WagerSettled& wager, const PointsEarned& points) const;
  /// What a wager that counts is worth; nothing: it counts for nothing after all.
  std::optional<std::int64_t> worth(const contract::WagerSettled& wager,
                                    const PointsEarned& points) const;
  contract::RunTerms terms(const RunWindow& run, std::uint64_t catalog_version) const;
  /// The same, into a message that is at hand.
  void write_terms(const RunWindow& run, std::uint64_t catalog_version,
                   contract::RunTerms& out) const;
};

class TournamentsPlan {
 public:
  /// For ActorTypeBuilder::settings<Tournaments, TournamentsPlan>("tournaments", ...). Nothing
  /// after it added a problem. REQUIRES: zones outlive it.
  static std::shared_ptr<const TournamentsPlan> compile(const contract::Tournaments& document,
                                                        const Zones& zones, Problems& problems);

  /// In the order of the document.
  const std::vector<TournamentPlan>& all() const { return all_; }
  const TournamentPlan* find(std::string_view id) const;

  /// Calls `each` for every tournament that may count the wager and that is going on at the time:
  /// begun, not ended; conditions are not looked at.
  void candidates(const contract::WagerSettled& wager, TimeUs time,
                  const std::function<void(const TournamentPlan&)>& each) const;

 private:
  // Tournaments sorted by when they begin, each with the latest end of it and all before it: those
  // going on at a time are found from the last that has begun, backwards, until none can be.
  struct List {
    struct Entry {
      TimeUs begins, ends, latest_end;
      std::uint32_t at;
    };
    std::vector<Entry> entries;
    void sort();
  };
  using Index = std::unordered_map<std::string, List>;
  void add_to_index(const contract::Conditions& wagers, std::uint32_t at);
  void each_in(const List& list, TimeUs time,
               const std::function<void(const TournamentPlan&)>& each) const;

  std::vector<TournamentPlan> all_;
  std::unordered_map<std::string, std::uint32_t> by_id_;
  Index by_game_;
  Index by_category_;
  List others_;
};

/// A version's plan and the event time from which it is in force.
struct PlanInForce {
  const TournamentsPlan* plan = nullptr;  // none: that version has no tournaments
  TimeUs since = std::numeric_limits<TimeUs>::min();
  std::uint64_t catalog_version = 0;
};

/// A run a wager counts for.
struct CountedRun {
  const TournamentPlan& tournament;
  RunWindow window;
  std::int64_t worth = 0;
  std::uint64_t catalog_version = 0;  // that the run is defined by
};

/// Calls `each` for every run the wager counts for, each judged by the version in force at the
/// run's start. `plan_at`: the version in force at an event time.
void each_run(const contract::WagerSettled& wager, TimeUs time, const PointsEarned& points,
              const std::function<PlanInForce(TimeUs)>& plan_at,
              const std::function<void(const CountedRun&)>& each);

}  // namespace laurel::rules
