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
/// Threads    One of its own, which calls submit, positions and behind.
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
#include "laurel/runtime/event.h"

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
  /// Whether records wait that were not submitted. Told when it changes.
  std::function<void(bool)> behind;
};

/// How a topic partition stands.
struct KafkaInputStatus {
  std::string topic;
  int partition = 0;
  std::int64_t next = 0;  ///< read next
  std::int64_t end = 0;   ///< of the topic, as last heard of; open transactions too
  bool halted = false;
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
  virtual std::vector<KafkaInputStatus> status() const = 0;
};

}  // namespace laurel::adapters
