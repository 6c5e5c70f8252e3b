/// The contract of the HTTP API (openapi.json), as the node serves it.
#pragma once

#include <string_view>

namespace laurel::gateway::internal {

std::string_view openapi_json();

}  // namespace laurel::gateway::internal
