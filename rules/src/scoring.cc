#include "laurel/rules/scoring.h"

#include <algorithm>
#include <limits>

namespace laurel::rules {
namespace {

std::optional<std::int64_t> narrow(Int128 value) {
  if (value < std::numeric_limits<std::int64_t>::min() ||
      value > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> narrow_at(Int128 value, std::uint32_t from, std::uint32_t to) {
  const auto scaled = rescale(value, from, to);
  return scaled ? narrow(*scaled) : std::nullopt;
}

bool better(Fold fold, std::int64_t a, std::int64_t b) {
  return fold == Fold::kHighest ? a > b : a < b;
}

}  // namespace

Fold fold_of(contract::ScoreOperator op, contract::ScoreDirection direction) {
  if (op != contract::SCORE_OPERATOR_BEST && op != contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER) {
    return Fold::kSum;
  }
  return direction == contract::SCORE_DIRECTION_LOW ? Fold::kLowest : Fold::kHighest;
}

std::optional<Score> with(Fold fold, const Score& score, const Worth& worth) {
  Score out = score;
  ++out.contributions;
  if (score.contributions == 0) {
    out.value = worth.value;
    out.reached = worth.time;
    return out;
  }
  if (fold == Fold::kSum) {
    if (__builtin_add_overflow(score.value, worth.value, &out.value)) return std::nullopt;
    out.reached = std::max(score.reached, worth.time);
  } else if (better(fold, worth.value, score.value)) {
    out.value = worth.value;
    out.reached = worth.time;
  } else if (worth.value == score.value) {
    out.reached = std::min(score.reached, worth.time);
  }
  return out;
}

Without without(Fold fold, const Score& score, const Worth& worth) {
  if (score.contributions <= 1) return {};
  Without out{score, false};
  --out.score.contributions;
  if (fold == Fold::kSum) {
    // What was summed in another order may pass the bound on the way: then from all that are left.
    if (__builtin_sub_overflow(score.value, worth.value, &out.score.value)) out.recompute = true;
    if (worth.time == score.reached) out.recompute = true;
  } else {
    out.recompute = worth.value == score.value && worth.time == score.reached;
  }
  return out;
}

std::optional<Int128> rescale(Int128 value, std::uint32_t from, std::uint32_t to) {
  if (from > 38 || to > 38) return std::nullopt;
  Int128 power = 1;
  for (std::uint32_t i = std::min(from, to); i < std::max(from, to); ++i) power *= 10;
  if (to >= from) return checked_mul(value, power);
  return floor_div(value, power);
}

std::optional<std::int64_t> worth_of(contract::ScoreOperator op, const WagerAmounts& wager,
                                     std::uint32_t scale) {
  switch (op) {
    case contract::SCORE_OPERATOR_TOTAL_STAKE:
      return narrow_at(wager.stake, wager.scale, scale);
    case contract::SCORE_OPERATOR_TOTAL_WIN:
    case contract::SCORE_OPERATOR_BEST:
      return narrow_at(wager.win, wager.scale, scale);
    case contract::SCORE_OPERATOR_NET: {
      const auto net = checked_sub(wager.win, wager.stake);
      return net ? narrow_at(*net, wager.scale, scale) : std::nullopt;
    }
    case contract::SCORE_OPERATOR_POINTS:
      return narrow_at(wager.points, wager.points_scale, scale);
    case contract::SCORE_OPERATOR_COUNT:
      return 1;
    case contract::SCORE_OPERATOR_HIGHEST_MULTIPLIER: {
      if (wager.stake <= 0) return std::nullopt;
      const auto millionths = checked_mul(wager.win, 1'000'000);
      return millionths ? narrow(floor_div(*millionths, wager.stake)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace laurel::rules
