/// Runs: the tournaments of the catalog and their runs, with what is known of each.
///
/// Why        A run nobody contributed to has no actor: it is what the catalog says of it, and its
///            state comes from the clock. Of the others the actor's root has the last word,
///            whatever the catalog says by now.
/// Threads    Any: reads durable state and an immutable catalog.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/contract/tournament.pb.h"
#include "laurel/rules/tournaments_plan.h"
#include "laurel/runtime/catalog.h"
#include "reads.h"

namespace laurel::gateway::internal {

struct Run {
  std::string id;
  std::string tournament;
  contract::RunTerms terms;
  std::string state;  ///< upcoming, open, closing, final
  std::uint64_t members = 0;
  std::uint64_t late = 0;
  bool has_actor = false;  ///< somebody contributed
};

/// A definition and the catalog version that has it.
struct Definition {
  const rules::TournamentPlan* plan = nullptr;  ///< lives as long as the catalog
  std::uint64_t catalog_version = 0;
};

class Runs {
 public:
  Runs(const runtime::Catalog& catalog, const Reads& reads, TimeUs now)
      : catalog_(catalog), reads_(reads), now_(now) {}

  /// In force now, by id, ascending; those that no version in force now has are not among them.
  std::vector<Definition> definitions() const;
  /// In force now, or the newest that there ever was.
  std::optional<Definition> definition(std::string_view tournament) const;

  /// `which`: a start such as 2026-02-16T18:00Z, TOURNAMENT@START, current, last or next.
  runtime::Result<Run> find(std::string_view tournament, std::string_view which) const;
  runtime::Result<Run> find(std::string_view run) const;
  /// Runs that start in [from, to), in order, until `each` returns false; each as the version in
  /// force at its start defines it.
  using Each = std::function<bool(const contract::RunTerms& terms)>;
  void between(std::string_view tournament, TimeUs from, TimeUs to, const Each& each) const;
  /// The last that is over, those that are not, the next one.
  std::vector<contract::RunTerms> around_now(const rules::TournamentPlan& plan) const;
  /// With the actor's word, if there is one.
  runtime::Result<Run> with_state(std::string_view tournament,
                                  const contract::RunTerms& terms) const;

  /// No version has a run before it.
  TimeUs begins(std::string_view tournament) const;
  TimeUs now() const { return now_; }

 private:
  std::optional<contract::RunTerms> last_before(std::string_view tournament, TimeUs time) const;
  std::optional<contract::RunTerms> at(std::string_view tournament, TimeUs time) const;
  /// The last that starts at or before that time and is good.
  std::optional<contract::RunTerms> last_of(
      std::string_view tournament, TimeUs time,
      const std::function<bool(const contract::RunTerms&)>& good) const;
  std::optional<contract::RunTerms> first_from(std::string_view tournament, TimeUs time) const;

  const runtime::Catalog& catalog_;
  const Reads& reads_;
  const TimeUs now_;
};

}  // namespace laurel::gateway::internal
