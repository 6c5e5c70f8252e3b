/// One line of CSV into its cells (RFC 4180, without line ends in quotes).
#pragma once

#include <string_view>
#include <vector>

#include "reject.h"

namespace laurel::adapters::formats {

/// Spaces around cells that are not quoted are left out. The cells live until the thread's next
/// call. malformed-csv.
bool split_csv_row(std::string_view line, std::vector<std::string_view>& cells, Reject& reject);

}  // namespace laurel::adapters::formats
