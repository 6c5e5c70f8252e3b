#include "tournaments_render.h"

#include <algorithm>

#include <boost/json.hpp>

#include "position.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using contract::RankStyle;
using ranked::RankedRow;

namespace {

// SCORE_OPERATOR_TOTAL_STAKE -> total_stake
template <class Enum>
std::string plain_name(const google::protobuf::EnumDescriptor* type, Enum value,
                       std::string_view prefix) {
  const auto* named = type->FindValueByNumber(static_cast<int>(value));
  std::string out = named == nullptr ? std::to_string(static_cast<int>(value)) : named->name();
  if (out.starts_with(prefix)) out.erase(0, prefix.size());
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

json::value time_json(TimeUs time) {
  const auto text = rfc3339(time);
  return text ? json::value(*text) : json::value(std::to_string(time));
}

void add_scoring(json::object& out, contract::ScoreOperator op, contract::ScoreDirection direction,
                 const std::string& asset, std::uint32_t scale, RankStyle style) {
  out["operator"] = plain_name(contract::ScoreOperator_descriptor(), op, "SCORE_OPERATOR_");
  out["direction"] = direction == contract::SCORE_DIRECTION_LOW ? "low" : "high";
  out["asset"] = asset.empty() ? json::value(nullptr) : json::value(to_utf8(asset));
  out["scale"] = scale;
  out["rank_style"] = rank_style_name(style);
}

}  // namespace

std::optional<RankStyle> parse_rank_style(std::string_view name) {
  for (const RankStyle style : {contract::RANK_STYLE_ORDINAL, contract::RANK_STYLE_STANDARD,
                                contract::RANK_STYLE_MODIFIED, contract::RANK_STYLE_DENSE}) {
    if (rank_style_name(style) == name) return style;
  }
  return std::nullopt;
}

std::string rank_style_name(RankStyle style) {
  if (style == contract::RANK_STYLE_UNSPECIFIED) style = contract::RANK_STYLE_ORDINAL;
  return plain_name(contract::RankStyle_descriptor(), style, "RANK_STYLE_");
}

json::object definition_json(const Definition& definition) {
  const rules::TournamentPlan& plan = *definition.plan;
  json::object out{{"tournament", to_utf8(plan.id)}, {"name", to_utf8(plan.name)}};
  add_scoring(out, plan.op, plan.direction, plan.asset, plan.scale, plan.rank_style);
  out["grace_ms"] = std::to_string(plan.grace_us / 1000);
  out["begins"] = time_json(plan.schedule.begins());
  out["catalog_version"] = std::to_string(definition.catalog_version);
  return out;
}

json::object run_json(const Run& run) {
  const contract::RunTerms& terms = run.terms;
  json::object out{{"run", to_utf8(run.id)},
                   {"tournament", to_utf8(run.tournament)},
                   {"state", run.state},
                   {"start", time_json(terms.start_us())},
                   {"end", time_json(terms.end_us())},
                   {"closes", time_json(terms.end_us() + terms.grace_us())}};
  add_scoring(out, terms.operator_(), terms.direction(), terms.asset(), terms.scale(),
              terms.rank_style());
  out["members"] = std::to_string(run.members);
  out["late"] = std::to_string(run.late);
  out["catalog_version"] = std::to_string(terms.catalog_version());
  return out;
}

std::uint64_t rank_of(const ranked::RankedView& view, const RankedRow& row, RankStyle style) {
  switch (style) {
    case contract::RANK_STYLE_STANDARD:
      return view.count_better(row.key) + 1;
    case contract::RANK_STYLE_MODIFIED:
      return view.count_better(row.key) + view.count_ties(row.key);
    case contract::RANK_STYLE_DENSE:
      return view.count_better_results(row.key) + 1;
    default:
      return row.position + 1;
  }
}

json::object entry_json(const RunBoard& board, const RankedRow& row, std::uint64_t rank) {
  json::object score{{"units", std::to_string(score_of(row.key, board.run.terms))},
                     {"scale", board.run.terms.scale()}};
  return {{"player", to_utf8(row.member)},
          {"rank", rank},
          {"position", row.position + 1},
          {"score", std::move(score)},
          {"reached", time_json(row.key.time)}};
}

json::array entries_json(const RunBoard& board, const std::vector<RankedRow>& rows,
                         RankStyle style) {
  json::array out;
  const RankedRow* before = nullptr;
  std::uint64_t rank = 0;
  for (const RankedRow& row : rows) {
    // Equal results share a rank: only the first of them asks the board.
    const bool same = before != nullptr && before->key == row.key;
    if (!same || style == contract::RANK_STYLE_ORDINAL) rank = rank_of(board.view, row, style);
    out.push_back(entry_json(board, row, rank));
    before = &row;
  }
  return out;
}

json::object board_json(const RunBoard& board, RankStyle style) {
  json::object out = run_json(board.run);
  out["rank_style"] = rank_style_name(style);
  // Standings never change again: they have no version.
  out["version"] = board.version == kFinalVersion ? json::value(nullptr)
                                                  : json::value(std::to_string(board.version));
  out["position"] = position_text({Position::Kind::kBoard, {{board.partition, board.commit}}});
  out["stale_ms"] = 0;
  return out;
}

}  // namespace laurel::gateway::internal
