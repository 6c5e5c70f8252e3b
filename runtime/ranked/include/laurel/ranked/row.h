/// Row, Change: what goes into a ranked table and comes out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "laurel/api/sort_key.h"

namespace laurel::ranked {

/// A member id is an opaque token of 1 to kMemberBytesMax bytes.
inline constexpr std::size_t kMemberBytesMax = 255;

/// One member and all that decides its place. The tie belongs to the member: it never changes while
/// the member is in the table.
struct Row {
  std::string_view member;
  Tie tie{};
  SortKey key;
};

/// A row as a view shows it. `member` lives as long as the view.
struct RankedRow {
  std::uint64_t position = 0;  ///< from 0
  std::string_view member;
  Tie tie{};
  SortKey key;
};

/// A member joins (no `before`), moves, or leaves (no `after`).
/// A table with a member index knows `before` itself and does not read it.
struct Change {
  std::string_view member;
  Tie tie{};
  std::optional<SortKey> before;
  std::optional<SortKey> after;
};

/// How equal members are numbered. All but kOrdinal compare columns and time only. Ranks begin
/// at 1.
enum class RankStyle {
  kOrdinal,              ///< 1234: position + 1
  kCompetition,          ///< 1224: the members before + 1
  kModifiedCompetition,  ///< 1334: the members before or equal
  kDense,                ///< 1223: the different results before + 1
};

}  // namespace laurel::ranked
