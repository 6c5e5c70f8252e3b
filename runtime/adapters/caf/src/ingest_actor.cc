#include "ingest_actor.h"

#include <algorithm>
#include <limits>

#include "laurel/runtime/keys.h"

namespace laurel::adapters::internal {

IngestActor::IngestActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                         std::vector<caf::actor> partitions)
    : caf::event_based_actor(config),
      shared_(std::move(shared)),
      partitions_(std::move(partitions)) {}

caf::behavior IngestActor::make_behavior() {
  survive_strangers(*this);
  return {
      [this](const SubmissionPtr& submission, const DecoderPtr& decoder) {
        ingest(submission, decoder);
      },
  };
}

// All learn how far the input is, or it would be asked for from where they had their last event.
void IngestActor::pass_positions(const SubmissionPtr& submission, TimeUs largest,
                                 std::vector<BatchPtr>& batches) {
  if (submission->records.empty()) return;
  const auto last = static_cast<std::uint32_t>(submission->records.size() - 1);
  for (BatchPtr& batch : batches) {
    if (!batch) {
      batch = std::make_shared<runtime::EventBatch>();
      batch->submission = submission;
    }
    batch->passed_us = largest;
    if (!batch->events.empty() && batch->events.back().index == last) continue;
    runtime::Event passed;
    passed.index = last;
    passed.position_only = true;
    batch->events.push_back(std::move(passed));
  }
}

void IngestActor::ingest(const SubmissionPtr& submission, const DecoderPtr& decoder) {
  submission->results.resize(submission->records.size());
  const auto count = static_cast<std::uint16_t>(partitions_.size());
  std::vector<BatchPtr> batches(count);
  TimeUs largest = std::numeric_limits<TimeUs>::min();
  for (std::uint32_t index = 0; index < submission->records.size(); ++index) {
    runtime::Event event;
    event.index = index;
    try {
      decoder->decode(submission->records[index], submission->arena, event);
    } catch (const std::exception& error) {  // a bug of the decoder's costs its record only
      event = runtime::Event();
      event.index = index;
      event.reject_code = "decoder-threw";
      event.reject_detail = error.what();
    }
    largest = std::max(largest, runtime::counted_time(event, submission->records[index],
                                                      shared_->options.partition.skew_us));
    // What cannot be routed goes where its source goes, so that its dead letters stay in order.
    const std::string_view key = event.routing_key.empty() ? submission->source : event.routing_key;
    BatchPtr& batch = batches[runtime::partition_of(key, count)];
    if (!batch) {
      batch = std::make_shared<runtime::EventBatch>();
      batch->submission = submission;
      // Room for an even share: a vector that grows moves its events again and again.
      batch->events.reserve(submission->records.size() / count + 1);
    }
    batch->events.push_back(std::move(event));
  }
  submission->pending = 1;  // held until all are sent
  if (!submission->input.empty()) pass_positions(submission, largest, batches);
  for (std::uint16_t i = 0; i < count; ++i) {
    if (!batches[i]) continue;
    submission->pending.fetch_add(1);
    caf::anon_send(partitions_[i], std::move(batches[i]));
  }
  submission->finish_one();
}

}  // namespace laurel::adapters::internal
