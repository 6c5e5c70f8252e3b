/// `laurel tournament list|show|standings` and `laurel export standings`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arguments.h"

namespace laurel::console {

struct TournamentArguments {
  std::string name;             ///< show, standings: a tournament or TOURNAMENT@START
  std::string state;            ///< list: upcoming, open, closing, final; empty: all
  std::string run = "current";  ///< of a tournament: a start, current, last or next
  unsigned top = 20;
  std::string around;        ///< a player
  std::string around_score;  ///< units
  std::vector<std::string> players;
  std::string rank;               ///< style; empty: the tournament's own
  std::vector<std::string> runs;  ///< export; empty: all that have members
};

int list_tournaments(HttpClient& client, const Common& common,
                     const TournamentArguments& arguments);
int show_tournament(HttpClient& client, const Common& common, const TournamentArguments& arguments);
int show_standings(HttpClient& client, const Common& common, const TournamentArguments& arguments);
int export_standings(HttpClient& client, const Common& common,
                     const TournamentArguments& arguments);

/// Path of a run below which its entries are.
std::string run_path(const std::string& run);

}  // namespace laurel::console
