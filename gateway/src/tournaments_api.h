/// TournamentsApi: /v1/tournaments: definitions, runs, and the boards of runs.
///
///     GET  /v1/tournaments                                  definitions with the runs around now
///     GET  /v1/tournaments/{id}                             one
///     GET  /v1/tournaments/{id}/runs                        all its runs by their start
///     GET  /v1/tournaments/{id}/runs/{run}                  one; run: START, ID@START, current,
///     last, next GET  .../runs/{run}/entries                           the board from the top, in
///     pages GET  .../runs/{run}/entries/{player}                  the board around a player GET
///     .../runs/{run}/entries:around-score?score=       the board around a score POST
///     .../runs/{run}/entries:batch                     some players
///
/// Threads    handle() from any thread, concurrently.
#pragma once

#include <string>
#include <vector>

#include "boards.h"
#include "freshness.h"
#include "http_types.h"
#include "laurel/runtime/node_api.h"
#include "reads.h"
#include "target.h"

namespace laurel::gateway::internal {

class TournamentsApi {
 public:
  /// REQUIRES: all of them outlive it.
  TournamentsApi(runtime::NodeApi& node, const Reads& reads, const Scheduler& scheduler);

  /// The methods of a path below /v1/tournaments; empty when there is no such path.
  static std::string methods(const std::vector<std::string>& path);
  void handle(const Request& request, const Target& target, const Respond& respond);

 private:
  using Catalog = std::shared_ptr<const runtime::Catalog>;
  /// What a reader of a board asks for.
  struct BoardRead {
    Catalog catalog;
    std::string run;  ///< its id
    std::vector<std::string> path;
    Target target;
    std::string body;
  };

  Reply list(const Target& target) const;
  Reply one(const std::string& tournament) const;
  Reply runs_of(const std::string& tournament, const Target& target) const;
  void board(const Request& request, const Target& target, const Respond& respond);

  Reply read_board(const BoardRead& read);
  Reply top(const BoardRead& read, std::shared_ptr<const RunBoard> board,
            contract::RankStyle style);
  Reply around(const BoardRead& read, const RunBoard& board, contract::RankStyle style) const;
  Reply around_score(const BoardRead& read, const RunBoard& board, contract::RankStyle style) const;
  Reply batch(const BoardRead& read, const RunBoard& board, contract::RankStyle style) const;

  runtime::NodeApi& node_;
  const Reads& reads_;
  const Scheduler& scheduler_;
  Boards boards_;
  Pins pins_;
};

}  // namespace laurel::gateway::internal
