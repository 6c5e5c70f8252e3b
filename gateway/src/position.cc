#include "position.h"

#include <algorithm>
#include <map>

#include "text.h"

namespace laurel::gateway::internal {

Position position_of(const runtime::Submission& submission) {
  std::map<runtime::PartitionId, runtime::CommitNumber> commits;
  for (const auto& result : submission.results) {
    if (result.commit == 0) continue;
    auto& commit = commits[result.partition];
    commit = std::max(commit, result.commit);
  }
  return {Position::Kind::kWrite, {commits.begin(), commits.end()}};
}

std::string position_text(const Position& position) {
  std::string out;
  if (position.kind == Position::Kind::kBoard) out = "b";
  if (position.kind == Position::Kind::kWrite) out = "w";
  const char* between = "";
  for (const auto& [partition, commit] : position.commits) {
    out += between + std::to_string(partition) + ":" + std::to_string(commit);
    between = ",";
  }
  return base64url(out);
}

std::optional<Position> parse_position(std::string_view text, std::uint16_t partitions) {
  const auto bytes = from_base64url(text);
  if (!bytes) return std::nullopt;
  Position out;
  std::string_view rest = *bytes;
  if (rest.starts_with('b') || rest.starts_with('w')) {
    out.kind = rest.front() == 'b' ? Position::Kind::kBoard : Position::Kind::kWrite;
    rest.remove_prefix(1);
  }
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const auto colon = pair.find(':');
    if (colon == std::string_view::npos || out.commits.size() == partitions) return std::nullopt;
    const auto partition = parse_u64(pair.substr(0, colon));
    const auto commit = parse_u64(pair.substr(colon + 1));
    if (!partition || *partition >= partitions || !commit) return std::nullopt;
    out.commits.emplace_back(static_cast<runtime::PartitionId>(*partition), *commit);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace laurel::gateway::internal
