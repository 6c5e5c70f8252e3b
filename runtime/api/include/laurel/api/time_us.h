/// TimeUs: how an instant is counted everywhere.
#pragma once

#include <cstdint>

namespace laurel {

/// Microseconds since 1970-01-01T00:00:00Z.
using TimeUs = std::int64_t;

}  // namespace laurel
