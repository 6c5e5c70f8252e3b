/// The life of a run, as a table: what may follow what.
///
///     unspecified ──▶ open ──▶ closing ──▶ final
#pragma once

#include <array>
#include <string_view>

#include "actors/tournament/tournament.pb.h"

namespace laurel::actors::tournament {

struct RunStep {
  RunState from;
  RunState to;
  std::string_view change;  // as the record of topic `tournaments` calls it
};

inline constexpr std::array<RunStep, 3> kRunSteps = {{
    {RUN_STATE_UNSPECIFIED, RUN_STATE_OPEN, "opened"},
    {RUN_STATE_OPEN, RUN_STATE_CLOSING, "closing"},
    {RUN_STATE_CLOSING, RUN_STATE_FINAL, "final"},
}};

/// The step between them, or nullptr: there is none.
constexpr const RunStep* find_step(RunState from, RunState to) {
  for (const RunStep& step : kRunSteps) {
    if (step.from == from && step.to == to) return &step;
  }
  return nullptr;
}

constexpr std::string_view name_of(RunState state) {
  switch (state) {
    case RUN_STATE_OPEN:
      return "open";
    case RUN_STATE_CLOSING:
      return "closing";
    case RUN_STATE_FINAL:
      return "final";
    default:
      return "none";
  }
}

}  // namespace laurel::actors::tournament
