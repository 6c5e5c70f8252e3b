/// InputPartition: one partition of an input topic: where it is read on, and whether it may be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laurel/runtime/audit.h"
#include "laurel/runtime/inputs.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

struct InputPartition {
  std::size_t input = 0;  ///< which of the configured ones
  std::string topic;
  int partition = 0;
  std::int64_t next = 0;
  std::int64_t passed = 0;  ///< at least `next`: behind records are markers that are none
  std::int64_t end = 0;     ///< also of what is not committed yet
  std::uint32_t generation = 0;
  bool at_end = false;
  bool halted = false;
  std::string why;  ///< it is halted
  /// Collected for the next submission.
  std::vector<std::string> texts, places, positions;

  /// As positions of commits have it.
  std::string name() const;
  runtime::InputStatus status() const;
};

/// Who is asked where it goes on.
struct Placing {
  const ClientBase& base;
  Client& asker;
  LogReaders& readers;
};
/// Sets its generation and from where all partitions have handled it, or halts it. `durable`: the
/// positions of all partitions. Errors: kUnavailable, kConfigInvalid.
runtime::Status place(InputPartition& input, const std::vector<runtime::Positions>& durable,
                      const Placing& placing);
void halt(const ClientBase& base, InputPartition& input, const std::string& why);
/// What has to become durable for its loss to be accepted. kInvalidInput: it is not halted.
runtime::Result<runtime::AdminAction> acceptance(const InputPartition& input,
                                                 const runtime::InputLoss& loss);

}  // namespace laurel::adapters::kafka
