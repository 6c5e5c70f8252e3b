// The stages of a node's start and stop.
#include "laurel/node/node.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "laurel/adapters/formats/cloud_events_decoder.h"
#include "laurel/adapters/formats/mapped_decoder.h"
#include "laurel/config/toml_reader.h"
#include "laurel/formats/mapping.pb.h"
#include "log.h"
#include "node_impl.h"

namespace laurel::node {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

namespace {

constexpr std::size_t kMiB = 1024 * 1024;
constexpr auto kHttpStop = std::chrono::seconds(3);

}  // namespace

Status Node::Impl::start() {
  set_log_level(options_.log_level);
  log(kNodeStarting, {{"node", options_.node_id}, {"data", options_.data_dir}});
  const std::pair<const char*, Status (Impl::*)()> stages[] = {
      {"folder", &Impl::start_folder},   {"engine", &Impl::start_engine},
      {"catalog", &Impl::start_catalog}, {"partitions", &Impl::start_partitions},
      {"inputs", &Impl::start_inputs},   {"http", &Impl::start_http},
  };
  for (const auto& [name, stage] : stages) {
    const auto from = steady_us();
    if (Status status = (this->*stage)(); !status) return status;
    log(kNodeStage, {{"stage", name}, {"took_us", std::to_string(steady_us() - from)}});
  }
  state_ = "running";
  log(kNodeRunning, {{"address", options_.listen.address},
                     {"port", std::to_string(http_port())},
                     {"partitions", std::to_string(engine_->partitions())},
                     {"took_ms", std::to_string((steady_us() - started_us_) / 1000)}});
  return {};
}

void Node::Impl::stop() {
  if (stopped_) return;
  stopped_ = true;
  state_ = "draining";
  const auto from = steady_us();
  if (engine_) log(kNodeStopping, {{"failure", host_ ? host_->failure() : ""}});
  if (inputs_) inputs_->stop();
  // The answers of running requests come from commits: the partitions go on until HTTP is done.
  if (http_) http_->stop(kHttpStop);
  if (host_) host_->drain();
  if (engine_) engine_->close();
  inputs_.reset();
  host_.reset();
  http_.reset();
  if (engine_) log(kNodeStopped, {{"took_ms", std::to_string((steady_us() - from) / 1000)}});
}

// Before the data directory is made or touched: a folder that is wrong leaves nothing behind.
Status Node::Impl::start_folder() {
  auto reader = config::CatalogReader::make(registry_, zones_);
  if (!reader) return reader.error();
  reader_.emplace(std::move(*reader));
  auto files = config::read_catalog_folder(options_.catalog_dir);
  if (!files) return files.error();
  folder_ = std::move(*files);
  std::error_code error;
  const bool used = std::filesystem::exists(options_.data_dir, error) &&
                    !std::filesystem::is_empty(options_.data_dir, error);
  if (options_.catalog_dir.empty() || used) return {};
  return check_folder(*reader_, folder_);
}

Status Node::Impl::start_catalog() {
  CatalogKeeper::Options keeper;
  keeper.lead_us =
      std::chrono::duration_cast<std::chrono::microseconds>(options_.catalog_lead).count();
  keeper.now_us = wall_us;
  keeper.read_only = mode_.read_only;
  keeper_ = std::make_unique<CatalogKeeper>(*reader_, hasher_, *engine_, std::move(keeper));
  const bool has_folder = !options_.catalog_dir.empty();
  if (Status status = keeper_->start(has_folder ? &folder_ : nullptr); !status) return status;
  if (has_folder && keeper_->differs(folder_)) {
    log(kCatalogFolderDiffers,
        {{"folder", options_.catalog_dir},
         {"version", std::to_string(catalog()->newest().number())},
         {"what",
          "the node runs with the stored version; for the folder's: laurel catalog "
          "publish " +
              options_.catalog_dir}});
  }
  use_assets(*catalog());
  keeper_->on_new([this](const CatalogKeeper::CatalogPtr& next) {
    use_assets(*next);
    if (host_) host_->adopt(next);
  });
  return {};
}

// Decoders check amounts against the newest version's assets, whenever it comes into force.
void Node::Impl::use_assets(const runtime::Catalog& catalog) {
  adapters::formats::DecoderOptions options;
  options.now_us = wall_us;
  if (const auto* assets = config::asset_registry(catalog.newest())) {
    for (const auto& asset : assets->assets()) {
      options.asset_scales.emplace(asset.id(), asset.scale());
    }
  }
  auto decoder = adapters::formats::make_cloud_events_decoder(registry_.event_types(), options);
  const std::lock_guard lock(decoders_mutex_);
  decoder_options_ = std::move(options);
  cloud_events_ = std::move(decoder);
}

adapters::formats::DecoderOptions Node::Impl::decoder_options() const {
  const std::lock_guard lock(decoders_mutex_);
  return decoder_options_;
}

Status Node::Impl::start_engine() {
  auto opened = open_engine(options_, mode_);
  if (!opened) return opened.error();
  engine_ = std::move(opened->engine);
  engine_figures_ = std::move(opened->figures);
  queries_ = std::make_unique<runtime::Queries>(*engine_, registry_, hasher_, &boards_);
  return {};
}

Status Node::Impl::start_partitions() {
  if (mode_.read_only) return {};
  adapters::HostOptions host;
  host.bytes_max = options_.memory.ingest_mb * kMiB;
  host.commit_interval_min = options_.commit.interval_min;
  host.partition.idle_us_max =
      std::chrono::duration_cast<std::chrono::microseconds>(options_.memory.idle).count();
  host.partition.turns_max = options_.commit.turns_max;
  host.partition.bytes_max = options_.commit.bytes_max;
  host.partition.board_bytes_max = options_.memory.boards_mb * kMiB / engine_->partitions();
  host.partition.activation_bytes_max =
      options_.memory.activations_mb * kMiB / engine_->partitions();
  host.boards = &boards_;
  host.has_inputs = !options_.inputs.empty();
  auto started = adapters::Host::start(*engine_, registry_, hasher_, catalog(), host);
  if (!started) return started.error();
  host_ = std::move(*started);
  return {};
}

Status Node::Impl::start_inputs() {
  if (options_.inputs.empty() || mode_.read_only) return {};
  auto kafka = kafka_options(options_);
  if (!kafka) return kafka.error();
  std::vector<adapters::KafkaInput> inputs;
  for (const config::NodeOptions::Input& input : options_.inputs) {
    auto decoder = input_decoder(input);
    if (!decoder) return decoder.error();
    inputs.push_back({input.topic, std::move(*decoder)});
  }
  adapters::KafkaInputPorts ports;
  ports.submit = [this](std::shared_ptr<runtime::Submission> submission,
                        std::shared_ptr<const runtime::Decoder> decoder) {
    return submit(std::move(submission), std::move(decoder));
  };
  ports.positions = [this] { return host_->positions(); };
  ports.times = [this](runtime::InputTimes times) { host_->set_input_times(std::move(times)); };
  ports.durable = [this](std::int64_t appended_us, std::uint64_t records) {
    // Another clock may be ahead of this one, and a record as old as its topic.
    constexpr std::int64_t kHour = 3'600'000'000;
    const auto took_us = std::clamp<std::int64_t>(wall_us() - appended_us, 0, kHour);
    input_latency_.record(steady_us(), took_us, records);
  };
  auto started = adapters::KafkaInputs::start(*kafka, std::move(inputs), std::move(ports));
  if (!started) return started.error();
  inputs_ = std::move(*started);
  return {};
}

// Asked for each submission: the assets of the newest catalog hold for it.
Result<std::function<std::shared_ptr<const runtime::Decoder>()>> Node::Impl::input_decoder(
    const config::NodeOptions::Input& input) {
  using Ask = std::function<std::shared_ptr<const runtime::Decoder>()>;
  if (input.format != "json") return Ask([this] { return cloud_events_decoder(); });
  auto mapping = std::make_shared<formats::Mapping>();
  if (Status status = config::read_toml_file(input.mapping, *mapping); !status) {
    return status.error();
  }
  const auto make = [this, mapping] {
    return adapters::formats::make_mapped_decoder("ndjson", *mapping, {}, registry_.event_types(),
                                                  decoder_options());
  };
  if (auto first = make(); !first) {
    return Error{ErrorCode::kConfigInvalid, input.mapping + ": " + first.error().message};
  }
  return Ask([this, make, known = std::shared_ptr<const runtime::Decoder>(),
              version = std::uint64_t{0}]() mutable {
    const std::uint64_t newest = catalog()->newest().number();
    if (known == nullptr || version != newest) {
      known = *make();  // the mapping was good, and does not change
      version = newest;
    }
    return known;
  });
}

Status Node::Impl::start_http() {
  if (!mode_.http) return {};
  gateway::HttpOptions http;
  http.address = options_.listen.address;
  http.port = options_.listen.port;
  http.allow_plaintext = options_.listen.allow_plaintext;
  http.tls_cert = options_.listen.tls_cert;
  http.tls_key = options_.listen.tls_key;
  http.connections_max = options_.limits.connections_max;
  http.body_bytes_max = options_.limits.request_mb_max * kMiB;
  auto started = gateway::HttpServer::start(http, *this);
  if (!started) return started.error();
  http_ = std::move(*started);
  return {};
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::start(const config::NodeOptions& options, Mode mode) {
  auto impl = std::make_unique<Impl>(options, mode);
  if (Status status = impl->start(); !status) return status.error();
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

runtime::NodeApi& Node::api() { return *impl_; }
std::uint16_t Node::http_port() const { return impl_->http_port(); }
void Node::stop() { impl_->stop(); }

}  // namespace laurel::node
