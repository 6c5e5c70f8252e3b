/// What `laurel verify` has looked at and found wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace laurel::console {

struct Report {
  std::uint64_t players = 0, entries = 0;  ///< ledgers and their entries
  std::uint64_t runs = 0, places = 0;      ///< boards and their rows
  std::uint64_t scores = 0;                ///< of players in runs, from their contributions
  std::uint64_t board_versions = 0;        ///< of the topic position-changes, applied
  std::uint64_t boards_without_chain = 0;  ///< the topic does not begin with their first version
  std::uint64_t waiting = 0;               ///< scores a stopped node has not ranked yet
  std::vector<std::string> violations;     ///< the first kMax

  static constexpr std::size_t kMax = 1000;
  void add(const std::string& what, const std::string& why) {
    if (violations.size() < kMax) violations.push_back(what + ": " + why);
  }
};

}  // namespace laurel::console
