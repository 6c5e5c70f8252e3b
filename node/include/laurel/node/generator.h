/// Generator: seeded wagers as CloudEvents JSON. Event i is a pure function of (seed, i), so that a
/// checker can make the same stream again.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "laurel/runtime/event.h"

namespace laurel::node {

struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::uint32_t players = 1'000'000;
  double skew = 0.99;  ///< Zipf exponent: 0 is uniform; below 1
  std::string asset = "EUR";
  std::uint32_t scale = 2;
  std::int64_t stake_units_max = 20'000;               ///< stakes are 1..max
  std::int64_t first_time_us = 1'767'225'600'000'000;  ///< of event 0
  std::int64_t spacing_us = 100;                       ///< between two events
  std::string prefix;                                  ///< of the numbers in ids
  std::uint32_t voids_permille = 0;                    ///< events that void a wager shortly before
  std::uint32_t duplicates_permille = 0;  ///< events that are one shortly before, again
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
  /// What event `index` is about: itself, or an earlier one that it voids or repeats.
  struct About {
    enum class Kind { kWager, kVoid, kDuplicate } kind = Kind::kWager;
    std::uint64_t wager = 0;
  };
  About about(std::uint64_t index) const;
  std::uint64_t draw_of(std::uint64_t index) const;
  void append_wager(std::uint64_t index, std::string& out) const;
  void append_head(std::string_view id, std::uint64_t number, std::string_view type,
                   std::uint64_t player_of, std::uint64_t dated, std::string& out) const;

  GeneratorOptions options_;
  double zeta_ = 0;
  double eta_ = 0;
};

}  // namespace laurel::node
