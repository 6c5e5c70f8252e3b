/// InputPartition: one partition of an input topic: where it is read on, and whether it may be.
///
/// Why        A topic that was deleted and made anew has the same name and other records under the
///            same offsets; the client does not tell. So what was read last is looked at again:
///            before what comes after a silence is handed on, and now and then while records come.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "input_record.h"
#include "laurel/runtime/audit.h"
#include "laurel/runtime/event.h"
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
  std::optional<InputPosition> known;  ///< the last record that was read
  std::chrono::steady_clock::time_point heard = std::chrono::steady_clock::now();
  /// What has to be there still before what is collected may be handed on: `known` before it.
  std::optional<InputPosition> to_prove;
  bool read_since_proof = false;
  std::chrono::steady_clock::time_point prove_again;  ///< not before it
  bool at_end = false;
  bool halted = false;
  std::string why;  ///< it is halted
  /// Collected for the next submission.
  std::vector<std::string> texts, places, positions;
  std::vector<runtime::Encoding> encodings;
  /// Of those that have one, in microseconds: how many have each, as they came.
  std::vector<std::pair<std::int64_t, std::uint64_t>> times;

  /// Adds one that was read. REQUIRES: it is not before `next`.
  void collect(const LogRecord& record);
  /// What was collected, as its submission; nothing is collected then. REQUIRES: something is.
  std::shared_ptr<runtime::Submission> take_collected();
  void drop_collected();
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
/// Whether every record has a result.
bool all_durable(const runtime::Submission& submission);

/// Halts it, and drops what is collected, if another record is in the place of `read`. Nothing is
/// known of one that is gone, by age or because it was superseded. kUnavailable.
runtime::Status prove(InputPartition& input, const InputPosition& read, const Placing& placing,
                      const Deadline& deadline);
void halt(const ClientBase& base, InputPartition& input, const std::string& why);
/// What has to become durable for its loss to be accepted. kInvalidInput: it is not halted.
runtime::Result<runtime::AdminAction> acceptance(const InputPartition& input,
                                                 const runtime::InputLoss& loss);

}  // namespace laurel::adapters::kafka
