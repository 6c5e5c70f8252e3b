// What a node offers to its edge.
#include <algorithm>
#include <iterator>
#include <utility>

#include "laurel/adapters/formats/mapped_decoder.h"
#include "laurel/config/toml_reader.h"
#include "laurel/formats/mapping.pb.h"
#include "log.h"
#include "node_impl.h"
#include "node_metrics.h"

namespace laurel::node {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

Status Node::Impl::submit(std::shared_ptr<runtime::Submission> submission,
                          std::shared_ptr<const runtime::Decoder> decoder) {
  if (!host_) return Error{ErrorCode::kUnavailable, "this node only answers queries"};
  submission->received_us = steady_us();
  const auto events = submission->records.size();
  auto next = submission->done;
  submission->done = [this, events, next](runtime::Submission& finished) {
    const auto now = steady_us();
    latency_.record(now, now - finished.received_us, events);
    if (next) next(finished);
  };
  Status status = host_->submit(submission, std::move(decoder));
  if (!status) submission->done = std::move(next);  // it may be handed in again
  return status;
}

void Node::Impl::barrier(runtime::PartitionId partition, std::function<void(bool)> done) {
  if (!host_) return done(false);
  host_->barrier(partition, std::move(done));
}

std::shared_ptr<const runtime::Decoder> Node::Impl::cloud_events_decoder() const {
  const std::lock_guard lock(decoders_mutex_);
  return cloud_events_;
}

Result<std::shared_ptr<const runtime::Decoder>> Node::Impl::mapped_decoder(
    std::string_view format, std::string_view mapping, std::string_view header) const {
  formats::Mapping parsed;
  if (Status status = config::read_toml(mapping, "mapping", parsed); !status) {
    return Error{ErrorCode::kInvalidInput, status.error().message};
  }
  return adapters::formats::make_mapped_decoder(format, parsed, header, registry_.event_types(),
                                                decoder_options());
}

void Node::Impl::open_backfill(std::string source, bool sorted, runtime::BackfillAnswer answer) {
  if (!host_) return answer(Error{ErrorCode::kUnavailable, "this node only answers queries"});
  runtime::BackfillTerms terms;
  terms.source = std::move(source);
  terms.sorted = sorted;
  terms.catalog_known = catalog()->newest().number();
  terms.opened_us = wall_us();
  host_->open_backfill(std::move(terms), std::move(answer));
}

void Node::Impl::finish_backfill(runtime::BackfillEnd end, runtime::BackfillAnswer answer) {
  if (!host_) return answer(Error{ErrorCode::kUnavailable, "this node only answers queries"});
  host_->finish_backfill(std::move(end), std::move(answer));
}

std::vector<runtime::Backfill> Node::Impl::backfills() const {
  return host_ ? host_->backfills() : std::vector<runtime::Backfill>();
}

std::vector<runtime::InputStatus> Node::Impl::inputs() const {
  return inputs_ ? inputs_->status() : std::vector<runtime::InputStatus>();
}

void Node::Impl::accept_input_loss(runtime::InputLoss loss, runtime::InputAnswer answer) {
  if (!inputs_) return answer(Error{ErrorCode::kNotFound, "this node reads no inputs"});
  auto action = inputs_->acceptance(loss);
  if (!action) return answer(action.error());
  host_->act(std::move(*action), [this, loss, answer](bool durable) {
    if (!durable) {
      return answer(Error{ErrorCode::kUnavailable,
                          "it is not known whether it became durable: look at the inputs"});
    }
    log(kInputLossAccepted, {{"topic", loss.topic},
                             {"partition", std::to_string(loss.partition)},
                             {"by", loss.by},
                             {"reason", loss.reason}});
    inputs_->accepted(loss.topic, loss.partition);
    for (const runtime::InputStatus& each : inputs_->status()) {
      if (each.topic == loss.topic && each.partition == loss.partition) return answer(each);
    }
  });
}

runtime::NodeStatus Node::Impl::status() const {
  runtime::NodeStatus out;
  out.version = LAUREL_VERSION;
  out.engine = options_.engine;
  out.data_dir = options_.data_dir;
  out.state = state_;
  out.catalog_version = catalog()->newest().number();
  out.uptime_ms = (steady_us() - started_us_) / 1000;
  out.committed_ms_p50 = latency_.recent_ms(0.50);
  out.committed_ms_p99 = latency_.recent_ms(0.99);
  if (auto kafka = engine_figures_().kafka) out.troubles = std::move(kafka->troubles);
  if (inputs_) std::ranges::copy(inputs_->troubles(), std::back_inserter(out.troubles));
  if (!host_) return out;
  const auto totals = host_->totals();
  out.accepted = totals.accepted;
  out.duplicates = totals.duplicates;
  out.conflicts = totals.conflicts;
  out.rejected = totals.rejected;
  out.commits = totals.commits;
  out.turns = totals.turns;
  out.failure = host_->failure();
  if (!out.failure.empty()) out.state = "failed";
  out.partitions = host_->partitions();
  return out;
}

Result<runtime::CatalogAnswer> Node::Impl::publish_catalog(
    const runtime::CatalogPublication& publication) {
  auto answer = keeper_->publish(publication);
  if (answer && answer->created) {
    log(kCatalogPublished, {{"version", std::to_string(answer->version->number())},
                            {"history", publication.history ? "yes" : "no"}});
  }
  return answer;
}

Result<std::string> Node::Impl::catalog_schema(std::string_view document) const {
  return reader_->json_schema(document);
}

std::string Node::Impl::metrics_text() const {
  return render_metrics({status(), host_ ? host_->totals() : adapters::HostTotals{},
                         engine_figures_(),
                         inputs_ ? inputs_->status() : std::vector<runtime::InputStatus>(),
                         latency_.since_start(), input_latency_.since_start(), options_});
}

}  // namespace laurel::node
