/// EntryScore: a player's score in a run, worked out from the contributions that are kept of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arguments.h"
#include "verify_report.h"

namespace laurel::console {

struct EntryScore {
  std::string run, player;
  std::string score, reached;  ///< as the entry says
  bool on_board = false;       ///< something counts
};

/// Reads `actor` (of /v1/actors/entry) and its rows, and reports where the entry's own score is not
/// what its contributions make.
EntryScore check_entry(HttpClient& client, const boost::json::value& actor, Report& report);

/// Microseconds since 1970 of a time as the API writes it.
std::optional<std::int64_t> time_us(const std::string& text);

}  // namespace laurel::console
