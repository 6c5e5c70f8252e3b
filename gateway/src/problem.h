/// Problem details (RFC 9457): every error of the API.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http_types.h"
#include "laurel/runtime/errors.h"

namespace laurel::gateway::internal {

struct Problem {
  int status = 500;
  std::string_view code;  ///< kebab-case; type is urn:laurel:error:CODE
  std::string detail;     ///< what happened, where, what to do
};

/// With status 429 and 503 it says to retry after a second.
Reply problem(const Problem& problem);
Reply problem(const runtime::Error& error);
Reply bad_request(std::string detail);
Reply not_found(std::string detail);
Reply too_large(std::string detail);

}  // namespace laurel::gateway::internal
