#include "partition_actor.h"

#include <chrono>

#include "laurel/runtime/keys.h"

namespace laurel::adapters::internal {
namespace {

std::int64_t wall_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

PartitionActor::PartitionActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                               runtime::PartitionId id, runtime::Recovered recovered)
    : caf::event_based_actor(config),
      shared_(std::move(shared)),
      id_(id),
      partition_(id, {shared_->engine, shared_->registry, shared_->hasher}, shared_->catalog,
                 shared_->options.partition) {
  partition_.start(recovered);
  publish("running");
}

caf::behavior PartitionActor::make_behavior() {
  // An unexpected message or error must not end the partition (the default ends the actor).
  set_error_handler([](caf::error&) {});
  set_default_handler([](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
    return caf::message{};
  });
  return {
      [this](BatchPtr& batch) { take(std::move(batch)); },
      [this](const CommitDone& outcome) { done(outcome); },
  };
}

void PartitionActor::take(BatchPtr batch) {
  if (stopped_) {
    batch->submission->finish_one();  // results stay pending: unknown, send again
    return;
  }
  partition_.take(std::move(*batch));
  step();
}

void PartitionActor::done(const CommitDone& outcome) {
  if (stopped_) return;
  switch (partition_.on_outcome(outcome.number, outcome.outcome)) {
    case runtime::Partition::Next::kContinue:
      break;
    case runtime::Partition::Next::kTakeOver: {
      auto recovered = shared_->engine.take_over(id_);
      if (!recovered) return stop(recovered.error().message);
      partition_.resolve(*recovered);
      break;
    }
    case runtime::Partition::Next::kStop:
      return stop(outcome.outcome == runtime::Outcome::kFenced
                      ? "another owner has taken the partition over"
                      : "the store failed: see the disk, then start again");
  }
  step();
}

void PartitionActor::step() {
  partition_.run(wall_clock_us());
  if (partition_.failed()) return stop(partition_.failure());
  if (partition_.can_seal()) {
    auto commit = partition_.seal();
    const auto number = commit->number;
    // Strong: the outcome has to arrive even when the host lets go of its handles meanwhile.
    caf::actor self = caf::actor_cast<caf::actor>(this);
    shared_->engine.commit(std::move(commit), [self, number](runtime::Outcome outcome) {
      caf::anon_send(self, CommitDone{number, outcome});
    });
    partition_.run(wall_clock_us());
    if (partition_.failed()) return stop(partition_.failure());
  }
  publish("running");
}

void PartitionActor::stop(const std::string& why) {
  stopped_ = true;
  shared_->fail("partition " + std::to_string(id_) + ": " + why);
  partition_.abandon();
  publish("failed");
}

void PartitionActor::publish(const char* state) {
  Gauges& gauges = *shared_->gauges[id_];
  const std::lock_guard lock(gauges.mutex);
  gauges.status = {id_,
                   partition_.epoch(),
                   partition_.last_commit(),
                   partition_.queued_events(),
                   partition_.activations(),
                   partition_.activation_bytes(),
                   state};
  gauges.counters = partition_.counters();
}

IngestActor::IngestActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                         std::vector<caf::actor> partitions)
    : caf::event_based_actor(config),
      shared_(std::move(shared)),
      partitions_(std::move(partitions)) {}

caf::behavior IngestActor::make_behavior() {
  set_error_handler([](caf::error&) {});
  set_default_handler([](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
    return caf::message{};
  });
  return {
      [this](const SubmissionPtr& submission, const DecoderPtr& decoder) {
        ingest(submission, decoder);
      },
  };
}

void IngestActor::ingest(const SubmissionPtr& submission, const DecoderPtr& decoder) {
  submission->results.resize(submission->records.size());
  const auto count = static_cast<std::uint16_t>(partitions_.size());
  std::vector<BatchPtr> batches(count);
  for (std::uint32_t index = 0; index < submission->records.size(); ++index) {
    runtime::Event event;
    event.index = index;
    decoder->decode(submission->records[index], submission->arena, event);
    // What cannot be routed goes where its source goes, so that its dead letters stay in order.
    const std::string& key = event.routing_key.empty() ? submission->source : event.routing_key;
    BatchPtr& batch = batches[runtime::partition_of(key, count)];
    if (!batch) {
      batch = std::make_shared<runtime::EventBatch>();
      batch->submission = submission;
    }
    batch->events.push_back(std::move(event));
  }
  submission->pending = 1;  // held until all are sent
  for (std::uint16_t i = 0; i < count; ++i) {
    if (!batches[i]) continue;
    submission->pending.fetch_add(1);
    caf::anon_send(partitions_[i], std::move(batches[i]));
  }
  submission->finish_one();
}

}  // namespace laurel::adapters::internal
