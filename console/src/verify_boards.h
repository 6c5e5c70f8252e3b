/// The part of `laurel verify` about tournaments: every score from its contributions, every order,
/// rank and position from the scores, every board from the chain of its changes.
#pragma once

#include "arguments.h"
#include "verify_report.h"

namespace laurel::console {

void verify_boards(HttpClient& client, Report& report);

}  // namespace laurel::console
