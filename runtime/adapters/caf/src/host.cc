#include "laurel/adapters/caf/host.h"

#include <chrono>
#include <map>

#include "backfill_actor.h"
#include "clock_actor.h"
#include "ingest_actor.h"
#include "supervisor_actor.h"

namespace laurel::adapters {
namespace {

using internal::Gauges;
using internal::Shared;

caf::actor_system_config& configured(caf::actor_system_config& config, std::size_t threads) {
  // Work stealing burns the cores when idle; an unbounded throughput starves the other actors.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("scheduler.max-throughput", std::size_t{50});
  return config;
}

class CafHost final : public Host {
 public:
  CafHost(std::shared_ptr<Shared> shared, std::vector<runtime::Recovered> recovered)
      : shared_(std::move(shared)), system_(configured(config_, shared_->options.threads)) {
    system_.await_actors_before_shutdown(false);
    for (std::size_t i = 0; i < recovered.size(); ++i) {
      partitions_.push_back(system_.spawn<internal::PartitionActor>(
          shared_, static_cast<runtime::PartitionId>(i), std::move(recovered[i])));
    }
    ingest_ = system_.spawn<internal::IngestActor>(shared_, partitions_);
    clock_ = system_.spawn<internal::ClockActor>(shared_, partitions_);
    for (const auto& partition : partitions_) {
      caf::anon_send(partition, internal::Peers{partitions_, clock_});
    }
    backfills_ = system_.spawn<internal::BackfillActor>(shared_, partitions_);
    std::map<caf::actor_addr, std::string> watched{{ingest_.address(), "ingest"},
                                                   {clock_.address(), "the clock"},
                                                   {backfills_.address(), "backfills"}};
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      watched.emplace(partitions_[i].address(), "partition " + std::to_string(i));
    }
    supervisor_ = system_.spawn<internal::SupervisorActor>(shared_, std::move(watched));
  }

  ~CafHost() override {
    drain();
    // In the order of the flow: who sends goes before who receives.
    for (caf::actor* actor : {&supervisor_, &backfills_, &clock_, &ingest_}) {
      caf::anon_send_exit(*actor, caf::exit_reason::user_shutdown);
      *actor = nullptr;
    }
    for (auto& partition : partitions_) {
      caf::anon_send_exit(partition, caf::exit_reason::user_shutdown);
    }
    partitions_.clear();
  }

  runtime::Status submit(std::shared_ptr<runtime::Submission> submission,
                         std::shared_ptr<const runtime::Decoder> decoder) override {
    const std::uint64_t events = submission->records.size();
    const std::uint64_t bytes = submission->bytes.size();
    if (shared_->draining) {
      return runtime::Error{runtime::ErrorCode::kUnavailable, "the node is stopping"};
    }
    if (const std::string why = failure(); !why.empty()) {
      return runtime::Error{runtime::ErrorCode::kUnavailable, "the node has failed: " + why};
    }
    // A submission larger than the limit still passes alone, or it never could.
    const auto before = shared_->events_in_flight.fetch_add(events);
    const auto bytes_before = shared_->bytes_in_flight.fetch_add(bytes);
    if (before != 0 && (before + events > shared_->options.events_max ||
                        bytes_before + bytes > shared_->options.bytes_max)) {
      give_back(*shared_, events, bytes);
      return runtime::Error{runtime::ErrorCode::kOverloaded,
                            "too much input is waiting for the disk: send it again later"};
    }
    submission->done = [shared = shared_, events, bytes,
                        next = std::move(submission->done)](runtime::Submission& finished) {
      if (next) next(finished);
      give_back(*shared, events, bytes);
    };
    caf::anon_send(ingest_, internal::SubmissionPtr(std::move(submission)),
                   internal::DecoderPtr(std::move(decoder)));
    return {};
  }

  void adopt(std::shared_ptr<const runtime::Catalog> catalog) override {
    for (const caf::actor& partition : partitions_) {
      caf::anon_send(partition, internal::CatalogPtr(catalog));
    }
  }

  void barrier(runtime::PartitionId partition, std::function<void(bool)> done) override {
    if (shared_->draining || partition >= partitions_.size()) return done(false);
    caf::anon_send(partitions_[partition], internal::BarrierDone(std::move(done)));
  }
  void act(runtime::AdminAction action, std::function<void(bool)> done) override {
    if (shared_->draining) return done(false);
    caf::anon_send(partitions_[runtime::kAuditPartition],
                   std::make_shared<internal::ActionRequest>(
                       internal::ActionRequest{std::move(action), std::move(done)}));
  }
  void open_backfill(runtime::BackfillTerms terms, BackfillAnswer answer) override {
    ask({internal::BackfillRequest::Kind::kOpen, std::move(terms), std::move(answer)});
  }
  void finish_backfill(runtime::BackfillEnd end, BackfillAnswer answer) override {
    using Kind = internal::BackfillRequest::Kind;
    runtime::BackfillTerms terms;
    terms.id = end.id;
    ask({end.drop ? Kind::kDrop : Kind::kClose, std::move(terms), std::move(answer),
         std::move(end.by), std::move(end.reason)});
  }
  std::vector<runtime::Backfill> backfills() const override { return shared_->backfills(); }

  void set_input_times(runtime::InputTimes times) override {
    shared_->set_input_times(std::move(times));
  }
  std::vector<runtime::Positions> positions() const override {
    std::vector<runtime::Positions> out;
    for (const auto& gauges : shared_->gauges) {
      const std::lock_guard lock(gauges->mutex);
      out.push_back(gauges->positions);
    }
    return out;
  }

  void drain() override {
    shared_->draining = true;
    std::unique_lock lock(shared_->mutex);
    shared_->settled.wait(lock, [this] { return shared_->events_in_flight == 0; });
  }

  std::vector<runtime::PartitionStatus> partitions() const override {
    std::vector<runtime::PartitionStatus> out;
    for (const auto& gauges : shared_->gauges) {
      const std::lock_guard lock(gauges->mutex);
      out.push_back(gauges->status);
    }
    return out;
  }

  HostTotals totals() const override {
    HostTotals totals;
    for (const auto& gauges : shared_->gauges) {
      const std::lock_guard lock(gauges->mutex);
      const auto& counters = gauges->counters;
      totals.watermark = std::min(totals.watermark, gauges->watermark);
      totals.turns += counters.turns;
      for (const auto& [reason, letters] : counters.dead_letters) {
        totals.dead_letters[reason] += letters;
      }
      totals.accepted += counters.accepted;
      totals.duplicates += counters.duplicates;
      totals.conflicts += counters.conflicts;
      totals.rejected += counters.rejected;
      totals.commits += counters.commits;
      totals.aborts += counters.aborts;
      totals.activations_made += counters.activations_made;
      totals.passivations += counters.passivations;
    }
    totals.events_in_flight = shared_->events_in_flight;
    totals.bytes_in_flight = shared_->bytes_in_flight;
    return totals;
  }

  std::string failure() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->failure;
  }

 private:
  void ask(internal::BackfillRequest request) {
    if (const std::string why = failure(); shared_->draining || !why.empty()) {
      request.answer(runtime::Error{runtime::ErrorCode::kUnavailable,
                                    why.empty() ? "the node is stopping" : "the node has failed"});
      return;
    }
    caf::anon_send(backfills_, std::make_shared<internal::BackfillRequest>(std::move(request)));
  }

  static void give_back(Shared& shared, std::uint64_t events, std::uint64_t bytes) {
    shared.bytes_in_flight.fetch_sub(bytes);
    const std::lock_guard lock(shared.mutex);
    shared.events_in_flight.fetch_sub(events);
    shared.settled.notify_all();
  }

  std::shared_ptr<Shared> shared_;
  caf::actor_system_config config_;
  caf::actor_system system_;
  std::vector<caf::actor> partitions_;
  caf::actor ingest_, clock_, backfills_, supervisor_;
};

}  // namespace

runtime::Result<std::unique_ptr<Host>> Host::start(runtime::Engine& engine,
                                                   const runtime::ActorRegistry& registry,
                                                   const runtime::Hasher& hasher,
                                                   std::shared_ptr<const runtime::Catalog> catalog,
                                                   const HostOptions& options) {
  std::vector<runtime::Recovered> recovered;
  // An aggregate, and neither copied nor moved. NOLINTNEXTLINE(modernize-make-shared)
  const std::shared_ptr<Shared> shared(
      new Shared{engine, registry, hasher, std::move(catalog), options});
  runtime::InputTimes times;
  times.unknown = options.has_inputs;
  shared->set_input_times(std::move(times));
  for (runtime::PartitionId id = 0; id < engine.partitions(); ++id) {
    auto taken = engine.take_over(id);
    if (!taken) return taken.error();
    recovered.push_back(std::move(*taken));
    shared->gauges.push_back(std::make_unique<Gauges>());
  }
  return std::unique_ptr<Host>(std::make_unique<CafHost>(shared, std::move(recovered)));
}

}  // namespace laurel::adapters
