/// Conditions: which wagers count, compiled from a contract::Conditions.
///
/// Threads    Any, concurrently: never changed once compiled.
/// Limits     What the document holds; a match allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/contract/conditions.pb.h"
#include "laurel/contract/int128.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/rules/complaint.h"
#include "laurel/rules/decimal.h"

namespace laurel::rules {

class Conditions {
 public:
  /// Counts every wager.
  Conditions() = default;
  /// Complains of what makes no sense: an empty text, a band no stake is in, a list of which
  /// nothing is left. `path` is where the conditions stand in their document. The result is to be
  /// used only when nothing was complained of.
  Conditions(const contract::Conditions& conditions, const std::string& path,
             const Complain& complain);

  bool matches(const contract::WagerSettled& wager) const;

 private:
  // A wager's field, the values it may have (empty: any) and the values it may not have.
  struct Rule {
    const std::string& (contract::WagerSettled::*field)() const;
    std::vector<std::string> allowed;   // sorted
    std::vector<std::string> excluded;  // sorted
  };
  struct Band {
    std::string asset;
    // Minor units by the scale of the stake; min > max where no stake of that scale is within.
    std::array<Int128, kScaleMax + 1> min{};
    std::array<Int128, kScaleMax + 1> max{};
  };
  bool stake_matches(const contract::Amount& stake) const;

  std::vector<Rule> rules_;
  std::vector<std::string> assets_;  // sorted
  std::vector<Band> bands_;
};

}  // namespace laurel::rules
