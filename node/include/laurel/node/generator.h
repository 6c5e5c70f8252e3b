/// Generator: seeded wagers as CloudEvents JSON. Event i is a pure function of (seed, i), so that a
/// checker can make the same stream again.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "laurel/runtime/event.h"

namespace laurel::node {

/// Event i is dated so many microseconds after event i - 1.
inline constexpr std::int64_t kEventSpacingUs = 100;

struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::uint32_t players = 1'000'000;
  double skew = 0.99;  ///< Zipf exponent: 0 is uniform; below 1
  std::string asset = "EUR";
  std::uint32_t scale = 2;
  std::int64_t stake_units_max = 20'000;               ///< stakes are 1..max
  std::int64_t first_time_us = 1'767'225'600'000'000;  ///< of event 0
};

class Generator {
 public:
  explicit Generator(GeneratorOptions options);
  /// Appends event number `index` to `out`.
  void append(std::uint64_t index, std::string& out) const;
  /// A submission of the events [from, from + count).
  std::shared_ptr<runtime::Submission> submission(std::uint64_t from, std::uint32_t count) const;
  static std::string player_name(std::uint32_t rank);

 private:
  std::uint32_t rank(double uniform) const;

  GeneratorOptions options_;
  double zeta_ = 0;
  double eta_ = 0;
};

}  // namespace laurel::node
