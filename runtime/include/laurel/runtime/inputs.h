/// Inputs: the topics that gaming systems write, as the node's edge sees them.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "laurel/runtime/errors.h"

namespace laurel::runtime {

/// How a partition of an input topic stands.
struct InputStatus {
  std::string topic;
  int partition = 0;
  std::int64_t next = 0;         ///< offset that is read next
  std::int64_t end = 0;          ///< of the topic, as last heard of
  std::uint32_t generation = 0;  ///< how often a loss was accepted
  bool halted = false;
  std::string why;  ///< it is halted
};

/// Which inputs have records that are not handled in every partition: event time goes on with the
/// one that is furthest behind, whatever others have come to.
struct InputsBehind {
  bool unknown = false;            ///< nobody has looked yet: time stands still
  std::vector<std::string> names;  ///< as submissions name them; ascending
  /// Wall clock, microseconds: all others were read to their ends then.
  std::int64_t as_of_us = std::numeric_limits<std::int64_t>::max();
  bool operator==(const InputsBehind&) const = default;
};

/// That what a halted input has lost is lost, and reading begins with the first record that is
/// there. What was handled before is known by its natural key and is not counted again.
struct InputLoss {
  std::string topic;
  int partition = 0;
  std::string by;      ///< who says so
  std::string reason;  ///< why
};

/// Called once, on any thread.
using InputAnswer = std::function<void(Result<InputStatus>)>;

}  // namespace laurel::runtime
