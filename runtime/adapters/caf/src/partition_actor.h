/// PartitionActor: the CAF shell of one partition.
#pragma once

#include <caf/all.hpp>

#include "shared.h"

namespace laurel::adapters::internal {

struct CommitDone {
  runtime::CommitNumber number = 0;
  runtime::Outcome outcome = runtime::Outcome::kDurable;
};
using BatchPtr = std::shared_ptr<runtime::EventBatch>;
using SubmissionPtr = std::shared_ptr<runtime::Submission>;
using DecoderPtr = std::shared_ptr<const runtime::Decoder>;

class PartitionActor : public caf::event_based_actor {
 public:
  PartitionActor(caf::actor_config& config, std::shared_ptr<Shared> shared, runtime::PartitionId id,
                 runtime::Recovered recovered);
  caf::behavior make_behavior() override;

 private:
  void take(BatchPtr batch);
  void done(const CommitDone& done);
  void step();
  void stop(const std::string& why);
  void publish(const char* state);

  std::shared_ptr<Shared> shared_;
  runtime::PartitionId id_;
  runtime::Partition partition_;
  bool stopped_ = false;
};

/// IngestActor: decodes submissions in order and hands each partition its part.
class IngestActor : public caf::event_based_actor {
 public:
  IngestActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
              std::vector<caf::actor> partitions);
  caf::behavior make_behavior() override;

 private:
  void ingest(const SubmissionPtr& submission, const DecoderPtr& decoder);

  std::shared_ptr<Shared> shared_;
  std::vector<caf::actor> partitions_;
};

}  // namespace laurel::adapters::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::CommitDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::BatchPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::SubmissionPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::DecoderPtr)
