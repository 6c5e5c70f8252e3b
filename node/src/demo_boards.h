/// DemoBoards: the tournaments of the evening as lines of the demo's table.
///
/// View       Committed versions of the boards, as any reader sees them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "laurel/api/turn.h"
#include "laurel/runtime/node_api.h"

namespace laurel::node {

class DemoBoards {
 public:
  explicit DemoBoards(const runtime::NodeApi& node) : node_(node) {}

  /// The top ten of the first tournament with who climbed since the last call, the leaders of the
  /// others, and the last winners.
  std::vector<std::string> lines(TimeUs now);

 private:
  struct Leader {
    std::string member;
    std::string score;
    std::uint64_t members = 0;
  };
  Leader leader_of(const std::string& run, std::uint32_t scale, bool high) const;
  void add_top(const std::string& run, std::uint32_t scale, bool high,
               std::vector<std::string>& lines);

  const runtime::NodeApi& node_;
  std::string top_run_;
  std::map<std::string, std::uint64_t> before_;  // member -> place, in the last call
};

}  // namespace laurel::node
