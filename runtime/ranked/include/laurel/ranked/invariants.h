/// What holds in every version of a ranked table, as code.
#pragma once

#include <string>

#include "laurel/ranked/view.h"

namespace laurel::ranked {

/// Reads the whole version and returns what is wrong with it, or an empty string: the order is
/// strict, every separator is the first row of its child, counts and numbers of different results
/// add up, no node is empty or too full, all leaves are at one depth.
std::string inconsistency(const RankedView& view);

}  // namespace laurel::ranked
