/// IngestActor: decodes submissions in order and hands each partition its part.
#pragma once

#include <caf/all.hpp>

#include "partition_actor.h"

namespace laurel::adapters::internal {

using SubmissionPtr = std::shared_ptr<runtime::Submission>;
using DecoderPtr = std::shared_ptr<const runtime::Decoder>;

class IngestActor : public caf::event_based_actor {
 public:
  IngestActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
              std::vector<caf::actor> partitions);
  caf::behavior make_behavior() override;

 private:
  void ingest(const SubmissionPtr& submission, const DecoderPtr& decoder);
  static void pass_positions(const SubmissionPtr& submission, TimeUs largest,
                             std::vector<BatchPtr>& batches);

  std::shared_ptr<Shared> shared_;
  std::vector<caf::actor> partitions_;
};

}  // namespace laurel::adapters::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::SubmissionPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::DecoderPtr)
