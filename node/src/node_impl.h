/// Node::Impl: the parts of a node, in the order in which they are made.
///
/// Lifecycle  start() goes through numbered stages; what stop() ends goes the other way.
/// Threads    start() and stop(): one thread. NodeApi: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clocks.h"
#include "laurel/actors/all_actors.h"
#include "laurel/adapters/caf/host.h"
#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/adapters/formats/options.h"
#include "laurel/adapters/kafka/kafka_inputs.h"
#include "laurel/adapters/zones/system_zones.h"
#include "laurel/config/catalog_reader.h"
#include "laurel/gateway/http_server.h"
#include "laurel/node/catalog_keeper.h"
#include "laurel/node/latency.h"
#include "laurel/node/node.h"
#include "open_engine.h"

namespace laurel::node {

class Node::Impl final : public runtime::NodeApi {
 public:
  Impl(config::NodeOptions options, Mode mode)
      : options_(std::move(options)), mode_(mode), registry_(actors::all_actor_types()) {}
  ~Impl() override { stop(); }
  runtime::Status start();
  void stop();
  std::uint16_t http_port() const { return http_ ? http_->port() : 0; }

  // --- NodeApi ---------------------------------------------------------------------------------
  runtime::Status submit(std::shared_ptr<runtime::Submission> submission,
                         std::shared_ptr<const runtime::Decoder> decoder) override;
  void barrier(runtime::PartitionId partition, std::function<void(bool)> done) override;
  std::shared_ptr<const runtime::Decoder> cloud_events_decoder() const override;
  runtime::Result<std::shared_ptr<const runtime::Decoder>> mapped_decoder(
      std::string_view format, std::string_view mapping, std::string_view header) const override;
  void open_backfill(std::string source, bool sorted, runtime::BackfillAnswer answer) override;
  void finish_backfill(runtime::BackfillEnd end, runtime::BackfillAnswer answer) override;
  std::vector<runtime::Backfill> backfills() const override;
  std::vector<runtime::InputStatus> inputs() const override;
  void accept_input_loss(runtime::InputLoss loss, runtime::InputAnswer answer) override;
  const runtime::Queries& queries() const override { return *queries_; }
  const runtime::Engine& engine() const override { return *engine_; }
  runtime::NodeStatus status() const override;
  std::shared_ptr<const runtime::Catalog> catalog() const override { return keeper_->current(); }
  runtime::Result<runtime::CatalogAnswer> publish_catalog(
      const runtime::CatalogPublication& publication) override;
  runtime::Result<std::string> catalog_schema(std::string_view document) const override;
  std::string metrics_text() const override;

 private:
  runtime::Status start_folder();
  runtime::Status start_catalog();
  void use_assets(const runtime::Catalog& catalog);
  adapters::formats::DecoderOptions decoder_options() const;
  runtime::Status start_engine();
  runtime::Status start_partitions();
  runtime::Status start_inputs();
  runtime::Result<std::function<std::shared_ptr<const runtime::Decoder>()>> input_decoder(
      const config::NodeOptions::Input& input);
  runtime::Status start_http();

  config::NodeOptions options_;
  Mode mode_;
  runtime::ActorRegistry registry_;
  adapters::OpenSslHasher hasher_;
  adapters::SystemZones zones_;
  std::optional<config::CatalogReader> reader_;
  config::CatalogFiles folder_;
  mutable std::mutex decoders_mutex_;  // guards the two below
  adapters::formats::DecoderOptions decoder_options_;
  std::shared_ptr<const runtime::Decoder> cloud_events_;
  LatencyRecorder latency_;
  LatencyRecorder input_latency_;  // from a record's time in its topic
  std::unique_ptr<runtime::Engine> engine_;
  std::function<EngineFigures()> engine_figures_;
  std::unique_ptr<CatalogKeeper> keeper_;
  runtime::BoardDirectory boards_;  // before the host: its partitions withdraw from it
  std::unique_ptr<runtime::Queries> queries_;
  std::unique_ptr<adapters::Host> host_;
  std::unique_ptr<adapters::KafkaInputs> inputs_;
  std::unique_ptr<gateway::HttpServer> http_;
  const std::int64_t started_us_ = steady_us();
  std::atomic<const char*> state_{"starting"};
  bool stopped_ = false;
};

}  // namespace laurel::node
