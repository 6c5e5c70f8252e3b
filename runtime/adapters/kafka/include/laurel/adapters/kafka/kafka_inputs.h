/// KafkaInputs: reads the topics that gaming systems write, and hands their records in.
///
///     topics ──▶ one consumer ──▶ a Submission per topic partition ──▶ submit ──▶ partitions
///        ▲                                                                          │
///        └── from where every partition has handled them ◀── durable positions ─────┘
///
/// Why        Where a topic was read to is in the commits of those who handled it, so a record
/// counts
///            once whoever dies when. Offsets of the group are written for lag tools, and not read.
/// View       Any number of partitions and any key: each record goes to the home of what it is
/// about.
///            A topic that gets more partitions is followed.
/// Lifecycle  start(), stop(). Not before the partitions are owned.
/// Threads    One of its own, which calls submit, positions and times, and one that asks brokers.
/// Limits     What submit refuses with kOverloaded waits; nothing else is read meanwhile.
/// Errors     A topic partition that was made anew or has lost records is halted, and told about;
/// the
///            others go on. A broker that is away is waited for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "laurel/adapters/kafka/options.h"
#include "laurel/runtime/audit.h"
#include "laurel/runtime/event.h"
#include "laurel/runtime/inputs.h"

namespace laurel::adapters {

struct KafkaInput {
  std::string topic;
  /// As of now. Records with `ce_` headers come to it as one CloudEvent in JSON.
  std::function<std::shared_ptr<const runtime::Decoder>()> decoder;
};

struct KafkaInputPorts {
  std::function<runtime::Status(std::shared_ptr<runtime::Submission>,
                                std::shared_ptr<const runtime::Decoder>)>
      submit;
  /// Durable, by partition.
  std::function<std::vector<runtime::Positions>()> positions;
  /// How far all inputs have come, once that is known of each second.
  std::function<void(runtime::InputTimes)> times;
  /// So many records with that time in their topic (wall clock, by its `message.timestamp.type`)
  /// are durable now. Any thread.
  std::function<void(std::int64_t appended_us, std::uint64_t records)> durable;
};

class KafkaInputs {
 public:
  virtual ~KafkaInputs() = default;
  /// Errors: kConfigInvalid, kNotFound (no such topic), kUnavailable.
  static runtime::Result<std::unique_ptr<KafkaInputs>> start(const KafkaOptions& options,
                                                             std::vector<KafkaInput> inputs,
                                                             KafkaInputPorts ports);
  /// Reads no more. Idempotent.
  virtual void stop() = 0;
  virtual std::vector<runtime::InputStatus> status() const = 0;
  /// As KafkaStats::troubles.
  virtual std::vector<std::string> troubles() const = 0;
  /// What has to become durable for that loss to be accepted: positions that this reads at its next
  /// start. kNotFound, kInvalidInput: see NodeApi::accept_input_loss().
  virtual runtime::Result<runtime::AdminAction> acceptance(
      const runtime::InputLoss& loss) const = 0;
  /// It is durable: the input goes on.
  virtual void accepted(const std::string& topic, int partition) = 0;
};

}  // namespace laurel::adapters
