/// FakeBoards: tournaments of a catalog and boards in memory, as the gateway reads them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/tournament/tournament.pb.h"
#include "laurel/api/settings.h"
#include "laurel/ranked/tree.h"
#include "laurel/rules/tournaments_plan.h"
#include "laurel/runtime/catalog.h"
#include "laurel/testkit/utc_zones.h"
#include "reads.h"

namespace laurel::testing {

inline std::shared_ptr<const runtime::Catalog> catalog_of(
    const contract::Tournaments& document, const runtime::Catalog& before = runtime::Catalog(),
    TimeUs from = runtime::kFromTheBeginning) {
  static const UtcZones zones;
  Problems problems;
  std::shared_ptr<const void> plan = rules::TournamentsPlan::compile(document, zones, problems);
  runtime::CatalogTerms terms;
  terms.number = before.newest().number() + 1;
  terms.effective_from_us = terms.live_from_us = from;
  return std::make_shared<const runtime::Catalog>(
      before, std::make_shared<const runtime::CatalogVersion>(
                  terms, std::vector<runtime::CatalogDocument>(),
                  std::vector<std::pair<PlanId, std::shared_ptr<const void>>>{
                      {plan_id<rules::TournamentsPlan>(), plan}}));
}

class FakeBoards {
 public:
  using State = actors::tournament::TournamentState;
  struct Board {
    State root;
    ranked::RankedTree tree{{.columns = 1, .member_index = true}};
    std::uint64_t version = 0;
    std::vector<actors::tournament::FinalPlace> standings;
  };

  Board& run(const std::string& id) { return boards_[id]; }

  /// A commit of its own.
  void score(const std::string& id, const std::string& member, std::int64_t score, TimeUs reached) {
    Board& board = boards_[id];
    board.root.set_state(actors::tournament::RUN_STATE_OPEN);
    SortKey key;
    key.columns[0] = board.root.run().direction() == contract::SCORE_DIRECTION_LOW
                         ? ascending(score)
                         : descending(score);
    key.time = reached;
    const ranked::Change change{member, Tie{std::hash<std::string>()(member)}, std::nullopt, key};
    (void)board.tree.apply({&change, 1});
    (void)board.tree.seal(++board.version);
    board.tree.settle(board.version);
    board.root.set_members(board.tree.committed().size());
  }
  void finish(const std::string& id) {
    Board& board = boards_[id];
    board.root.set_state(actors::tournament::RUN_STATE_FINAL);
    board.tree.committed().walk(0, [&](const ranked::RankedRow& row) {
      auto& place = board.standings.emplace_back();
      place.set_place(row.position + 1);
      place.set_member(std::string(row.member));
      place.set_score(descending(row.key.columns[0]));
      place.set_reached_us(row.key.time);
      return true;
    });
  }

  gateway::internal::Reads reads() {
    gateway::internal::Reads reads;
    reads.actor = [this](std::string_view,
                         std::string_view key) -> runtime::Result<runtime::ActorView> {
      const auto it = boards_.find(std::string(key));
      if (it == boards_.end()) return nothing();
      runtime::ActorView view;
      view.root = std::make_unique<State>(it->second.root);
      return view;
    };
    reads.board = [this](std::string_view, std::string_view key,
                         std::string_view) -> runtime::Result<runtime::BoardPage> {
      const auto it = boards_.find(std::string(key));
      if (it == boards_.end()) return nothing();
      return runtime::BoardPage{
          0, {it->second.tree.committed(), it->second.version, it->second.version}};
    };
    reads.board_members = [this](std::string_view, std::string_view key, std::string_view,
                                 const std::vector<std::string>& members)
        -> runtime::Result<std::vector<std::optional<runtime::BoardMember>>> {
      std::vector<std::optional<runtime::BoardMember>> out;
      for (const auto& member : members) {
        out.emplace_back();
        const auto row = boards_[std::string(key)].tree.find(member);
        if (row) out.back() = runtime::BoardMember{row->tie, row->key};
      }
      return out;
    };
    reads.table =
        [this](
            const gateway::internal::TableRequest& request) -> runtime::Result<runtime::TablePage> {
      ++standings_reads;
      runtime::TablePage page;
      for (const auto& place : boards_[std::string(request.key)].standings) {
        page.rows.push_back({{}, 0, std::make_unique<actors::tournament::FinalPlace>(place)});
      }
      return page;
    };
    return reads;
  }
  int standings_reads = 0;

 private:
  static runtime::Error nothing() { return {runtime::ErrorCode::kNotFound, "nothing is known"}; }
  std::map<std::string, Board> boards_;
};

}  // namespace laurel::testing
