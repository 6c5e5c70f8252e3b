/// Target: the path and query of a request, taken apart.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace laurel::gateway::internal {

struct Target {
  std::vector<std::string> segments;  ///< split at '/', then percent-decoded
  std::map<std::string, std::string, std::less<>> query;
};

/// Nothing when an escape is broken, a NUL is in it, or it does not start with '/'.
std::optional<Target> parse_target(std::string_view target);

}  // namespace laurel::gateway::internal
