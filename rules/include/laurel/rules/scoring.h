/// Scoring: what a wager is worth to a run, and the score its contributions make.
///
/// Why        A score has to be exact whatever order contributions come in and whichever are taken
///            back, at the cost of a few instructions for the usual one: only taking back the one
///            that made the score asks for all the others (DOMAIN.md section 2).
/// Order      None: any order of the same contributions and retractions gives the same score.
/// Errors     What does not fit 64 bits is nothing: never a wrap.
#pragma once

#include <cstdint>
#include <optional>

#include "laurel/api/turn.h"
#include "laurel/contract/int128.h"
#include "laurel/contract/tournament.pb.h"

namespace laurel::rules {

/// How contributions of one member become one score.
enum class Fold {
  kSum,      // their sum; reached at the latest of their times
  kHighest,  // the highest of them; reached at the earliest time of it
  kLowest,   // the lowest of them; the same
};
Fold fold_of(contract::ScoreOperator op, contract::ScoreDirection direction);

struct Worth {
  std::int64_t value = 0;
  TimeUs time = 0;
  bool operator==(const Worth&) const = default;
};

/// REQUIRES of all below: one Fold for one score.
struct Score {
  std::int64_t value = 0;
  TimeUs reached = 0;
  std::uint64_t contributions = 0;  // none: not on the board, the rest is 0
  bool operator==(const Score&) const = default;
};

/// The score with one more contribution; nothing when a sum does not fit.
[[nodiscard]] std::optional<Score> with(Fold fold, const Score& score, const Worth& worth);

/// The score without one of its contributions, when that can be told without seeing the others:
/// `recompute` says that it cannot, and is to be folded anew from all that are left.
struct Without {
  Score score;
  bool recompute = false;
};
[[nodiscard]] Without without(Fold fold, const Score& score, const Worth& worth);

/// Amounts a wager is worth something by, in minor units, and the decimals they have.
struct WagerAmounts {
  Int128 stake = 0;
  Int128 win = 0;
  std::uint32_t scale = 0;
  Int128 points = 0;
  std::uint32_t points_scale = 0;
};
/// What a wager is worth, at `scale` decimals, rounded towards minus infinity, once. Nothing when
/// it counts for nothing (a multiplier of no stake) or does not fit.
[[nodiscard]] std::optional<std::int64_t> worth_of(contract::ScoreOperator op,
                                                   const WagerAmounts& wager, std::uint32_t scale);

/// floor(value x 10^(to - from)); nothing when it does not fit.
[[nodiscard]] std::optional<Int128> rescale(Int128 value, std::uint32_t from, std::uint32_t to);

inline constexpr std::uint32_t kMultiplierScale = 6;

}  // namespace laurel::rules
