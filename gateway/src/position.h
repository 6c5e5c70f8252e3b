/// Position: how far a reply has seen, as the opaque text of the API.
///
///   b0:17       a board: partition 0 as of commit 17
///   w0:17,3:9   what a POST has written: commit 17 of partition 0, 9 of partition 3
///   0:17        any other read
///
/// Why        With `min_position` a client reads at least what a reply has told it. Behind a
/// board's
///            own position nothing can wait; what a wager caused in other actors may still be on
///            its way when the wager is durable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/runtime/engine.h"
#include "laurel/runtime/event.h"

namespace laurel::gateway::internal {

struct Position {
  enum class Kind { kRead, kBoard, kWrite };
  Kind kind = Kind::kRead;
  std::vector<std::pair<runtime::PartitionId, runtime::CommitNumber>> commits;
};

/// What a reader has to have seen to see all that was submitted.
Position position_of(const runtime::Submission& submission);
std::string position_text(const Position& position);
/// Nothing when it is none that the API gave.
std::optional<Position> parse_position(std::string_view text, std::uint16_t partitions);

}  // namespace laurel::gateway::internal
