/// Tournaments, runs and boards as the JSON of the API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "boards.h"
#include "runs.h"

namespace laurel::gateway::internal {

/// ordinal, standard, modified, dense; empty: unknown.
std::optional<contract::RankStyle> parse_rank_style(std::string_view name);
std::string rank_style_name(contract::RankStyle style);

boost::json::object definition_json(const Definition& definition);
boost::json::object run_json(const Run& run);
/// Rows that follow each other on the board, with their ranks.
boost::json::array entries_json(const RunBoard& board, const std::vector<ranked::RankedRow>& rows,
                                contract::RankStyle style);
boost::json::object entry_json(const RunBoard& board, const ranked::RankedRow& row,
                               std::uint64_t rank);
/// What every reply about a board says beside its entries.
boost::json::object board_json(const RunBoard& board, contract::RankStyle style);
std::uint64_t rank_of(const ranked::RankedView& view, const ranked::RankedRow& row,
                      contract::RankStyle style);

}  // namespace laurel::gateway::internal
