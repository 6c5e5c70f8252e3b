/// BoardCursor: where a page of a board ended, signed, so that nobody makes one up.
///
/// Why        Ranks move between two pages. The cursor names the last row by what it was ordered
/// by:
///            on a pinned version that is its place, on a later one what comes after it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/ranked/view.h"

namespace laurel::gateway::internal {

struct BoardCursor {
  std::string run;
  bool pinned = false;        ///< of `version`, whatever comes
  std::uint64_t version = 0;  ///< of the board
  SortKey key;
  Tie tie{};
  std::string member;
};

std::string cursor_text(const BoardCursor& cursor, std::string_view secret);
/// Nothing when it was not made with that secret.
std::optional<BoardCursor> parse_cursor(std::string_view text, std::string_view secret);

/// The first position behind the cursor's row, whether that is still there or not. O(log^2 n).
std::uint64_t behind(const ranked::RankedView& view, const BoardCursor& cursor);

}  // namespace laurel::gateway::internal
