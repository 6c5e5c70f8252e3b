/// What a commit holds, for tests.
#pragma once

#include <algorithm>
#include <string_view>

#include "laurel/runtime/engine.h"

namespace laurel::testing {

/// Whether a journal row of the commit has that text.
inline bool journals(const runtime::Commit& commit, std::string_view text) {
  return std::ranges::any_of(commit.rows, [text](const runtime::Row& row) {
    return row.space == runtime::Space::kJournal && row.value &&
           row.value->find(text) != std::string_view::npos;
  });
}

}  // namespace laurel::testing
