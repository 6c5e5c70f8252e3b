/// InputPartition: one partition of an input topic: where it is read on, and whether it may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "input_proofs.h"
#include "input_record.h"
#include "input_time.h"
#include "laurel/runtime/audit.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/inputs.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

/// A record that was read and is not handed on yet.
struct CollectedRecord {
  std::string bytes, place, position;
  std::int64_t appended_us = 0;  ///< 0: it has no time
  runtime::Encoding encoding = runtime::Encoding::kText;
};

struct InputPartition {
  std::size_t input = 0;  ///< which of the configured ones
  std::string topic;
  int partition = 0;
  std::int64_t next = 0;
  std::int64_t passed = 0;  ///< at least `next`: behind records are markers that are none
  std::int64_t end = 0;     ///< also of what is not committed yet
  std::uint32_t generation = 0;
  InputProof proof;
  bool assigned = false;    ///< the consumer reads it
  bool in_trouble = false;  ///< its last answer was an error
  bool halted = false;
  std::string why;  ///< it is halted
  InputTime time;
  /// Collected for the next submission.
  std::vector<CollectedRecord> collected;
  /// As of before the first of them.
  std::int64_t next_before = 0;
  InputProof proof_before;
  /// Of those that have one, in microseconds: how many have each, as they came.
  std::vector<std::pair<std::int64_t, std::uint64_t>> times;

  /// Adds one that was read. REQUIRES: it is not before `next`.
  void collect(const LogRecord& record);
  /// Moves on behind a record. REQUIRES: as collect(), which does it.
  void pass(const InputPosition& position, InputProof::Time now);
  /// What was collected, as its submission; nothing is collected then. REQUIRES: something is.
  std::shared_ptr<runtime::Submission> take_collected();
  void drop_collected();
  /// As drop_collected(), and all of it is still to be read.
  void put_back();
  bool to_read() const { return !halted && !proof.held; }
  /// As positions of commits have it.
  std::string name() const;
  /// TOPIC/PARTITION: for people.
  std::string address() const { return topic + "/" + std::to_string(partition); }
  /// Whose troubles are told.
  std::string about() const { return "input " + address(); }
  runtime::InputStatus status() const;
};

/// Who is asked where it goes on.
struct Placing {
  const ClientBase& base;
  Client& asker;
  LogReaders& readers;
  Milliseconds within{30'000};
};
/// Sets its generation and from where all partitions have handled it, or halts it. `durable`: the
/// positions of all partitions. Errors: kUnavailable, kConfigInvalid.
runtime::Status place(InputPartition& input, const std::vector<runtime::Positions>& durable,
                      const Placing& placing);
/// How far each of them has come.
runtime::InputTimes times_of(std::vector<InputPartition>& inputs);
/// Whether every record has a result.
bool all_durable(const runtime::Submission& submission);

/// What is in the place of `read`. kUnavailable.
runtime::Result<InputProofs::Found> look(const InputPartition& input, const InputPosition& read,
                                         const Placing& placing);
/// Another topic has that name: what is collected is dropped.
void halt_made_anew(const ClientBase& base, InputPartition& input);
void halt(const ClientBase& base, InputPartition& input, const std::string& why);
/// What has to become durable for its loss to be accepted. kInvalidInput: it is not halted.
runtime::Result<runtime::AdminAction> acceptance(const InputPartition& input,
                                                 const runtime::InputLoss& loss);

}  // namespace laurel::adapters::kafka
