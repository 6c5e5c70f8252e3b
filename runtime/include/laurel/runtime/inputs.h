/// Inputs: the topics that gaming systems write, as the node's edge sees them.
#pragma once

#include <cstdint>
#include <functional>
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

/// How far all inputs have come, whatever their events are dated: event time goes on with the one
/// that is furthest behind.
struct InputTimes {
  struct Input {
    std::string name;  ///< as submissions name it
    /// Wall clock, microseconds: what was appended before it is durable in every partition.
    std::int64_t come_to_us = 0;
    bool operator==(const Input&) const = default;
  };
  bool unknown = false;       ///< nobody has looked yet: time stands still
  std::vector<Input> inputs;  ///< ascending by name
  bool operator==(const InputTimes&) const = default;
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
