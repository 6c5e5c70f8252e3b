/// Boards: one version of a run's board to read from, wherever the run is in its life.
///
///     nobody contributed      an empty view
///     open, closing           the ranked table's committed version
///     final                   the standings' rows, made into a view once and kept
///
/// Threads    Any.
/// Limits     Final standings: kFinalMembersMax members in memory, the least recently used go.
///            Pinned versions: kPinsMax for kPinTime after their last page.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/ranked/view.h"
#include "laurel/runtime/engine.h"
#include "reads.h"
#include "runs.h"

namespace laurel::gateway::internal {

inline constexpr std::size_t kFinalMembersMax = 2'000'000;
inline constexpr std::size_t kPinsMax = 256;
inline constexpr std::chrono::seconds kPinTime{120};
/// Stands for the version of standings that never change again.
inline constexpr std::uint64_t kFinalVersion = ~std::uint64_t{0};

/// The rows of these members as the view holds them; nothing: not on the board.
using FindMembers = std::function<runtime::Result<std::vector<std::optional<ranked::RankedRow>>>(
    const std::vector<std::string>& members)>;

struct RunBoard {
  Run run;
  ranked::RankedView view;
  std::uint64_t version = 0;
  runtime::PartitionId partition = 0;
  runtime::CommitNumber commit = 0;
  FindMembers find;
};

/// Pinned versions, so that the pages of one reader are of one moment.
class Pins {
 public:
  using Clock = std::chrono::steady_clock;
  void keep(std::shared_ptr<const RunBoard> board, Clock::time_point now);
  /// nullptr: it has gone.
  std::shared_ptr<const RunBoard> find(std::string_view run, std::uint64_t version,
                                       Clock::time_point now);

 private:
  struct Pin {
    std::shared_ptr<const RunBoard> board;
    Clock::time_point used;
  };
  std::mutex mutex_;
  std::list<Pin> pins_;  // the last used first
};

class Boards {
 public:
  explicit Boards(const Reads& reads,
                  std::function<runtime::CommitNumber(runtime::PartitionId)> last_commit,
                  std::uint16_t partitions)
      : reads_(reads), last_commit_(std::move(last_commit)), partitions_(partitions) {}

  /// The run's newest committed version. kUnavailable: it is just changing hands; ask again.
  runtime::Result<std::shared_ptr<const RunBoard>> load(const Runs& runs, std::string_view run);
  runtime::PartitionId home_of(std::string_view run) const;

 private:
  class Standings;
  runtime::Result<std::shared_ptr<const Standings>> standings(const Run& run);
  FindMembers finder(const std::string& run, const ranked::RankedView& view) const;

  const Reads& reads_;
  const std::function<runtime::CommitNumber(runtime::PartitionId)> last_commit_;
  const std::uint16_t partitions_;
  std::mutex mutex_;  // guards the two below
  std::list<std::pair<std::string, std::shared_ptr<const Standings>>> finals_;
  std::size_t final_members_ = 0;
};

/// What a row's first column says of the score.
std::int64_t score_of(const SortKey& key, const contract::RunTerms& terms);

}  // namespace laurel::gateway::internal
