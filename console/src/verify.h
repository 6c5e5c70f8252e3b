/// `laurel verify`: recomputes every player's ledger from what the API shows. Shares no code with
/// the actor that wrote it.
#pragma once

#include "arguments.h"

namespace laurel::console {
int verify(HttpClient& client, const Common& common);
}
