/// line_diff: what changed between two texts, line by line, as `diff -u` shows it.
///
/// Limits     Beyond 1000 changed lines the texts are shown as one replaced block: right, not
///            smallest.
#pragma once

#include <string>
#include <string_view>

namespace laurel::console {

/// Hunks with three lines around each change; empty when the texts are the same. E. W. Myers, "An
/// O(ND) difference algorithm and its variations".
std::string line_diff(std::string_view before, std::string_view after);

}  // namespace laurel::console
