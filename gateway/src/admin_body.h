/// Who does something by hand, and why, as the body of the request says it.
#pragma once

#include <string>

namespace laurel::gateway::internal {

struct AdminBody {
  std::string by;      ///< at most 100 bytes
  std::string reason;  ///< at most 1000
};

/// A JSON object with `by` and `reason`, both texts. `required`: neither is left out or empty; else
/// both may be, and the body too. Gives what is wrong; empty: nothing.
std::string read_admin_body(const std::string& body, bool required, AdminBody& out);

}  // namespace laurel::gateway::internal
