#include "laurel/node/node.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>

#include "laurel/actors/all_actors.h"
#include "laurel/adapters/caf/host.h"
#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/adapters/formats/cloud_events_decoder.h"
#include "laurel/adapters/formats/mapped_decoder.h"
#include "laurel/adapters/kafka/kafka_inputs.h"
#include "laurel/adapters/zones/system_zones.h"
#include "laurel/config/catalog_reader.h"
#include "laurel/config/toml_reader.h"
#include "laurel/formats/mapping.pb.h"
#include "laurel/gateway/http_server.h"
#include "laurel/node/catalog_keeper.h"
#include "laurel/node/latency.h"
#include "log.h"
#include "node_metrics.h"
#include "open_engine.h"

namespace laurel::node {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;
using runtime::Status;

constexpr std::size_t kMiB = 1024 * 1024;
constexpr auto kHttpStop = std::chrono::seconds(3);

std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

class Node::Impl final : public runtime::NodeApi {
 public:
  Impl(config::NodeOptions options, Mode mode)
      : options_(std::move(options)), mode_(mode), registry_(actors::all_actor_types()) {}
  ~Impl() override { stop(); }

  Status start() {
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

  void stop() {
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

  std::uint16_t http_port() const { return http_ ? http_->port() : 0; }

  // --- NodeApi ---------------------------------------------------------------------------------
  Status submit(std::shared_ptr<runtime::Submission> submission,
                std::shared_ptr<const runtime::Decoder> decoder) override {
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

  void barrier(runtime::PartitionId partition, std::function<void(bool)> done) override {
    if (!host_) return done(false);
    host_->barrier(partition, std::move(done));
  }

  std::shared_ptr<const runtime::Decoder> cloud_events_decoder() const override {
    const std::lock_guard lock(decoders_mutex_);
    return cloud_events_;
  }

  Result<std::shared_ptr<const runtime::Decoder>> mapped_decoder(
      std::string_view format, std::string_view mapping, std::string_view header) const override {
    formats::Mapping parsed;
    if (Status status = config::read_toml(mapping, "mapping", parsed); !status) {
      return Error{ErrorCode::kInvalidInput, status.error().message};
    }
    return adapters::formats::make_mapped_decoder(format, parsed, header, registry_.event_types(),
                                                  decoder_options());
  }

  void open_backfill(std::string source, bool sorted, runtime::BackfillAnswer answer) override {
    if (!host_) return answer(Error{ErrorCode::kUnavailable, "this node only answers queries"});
    runtime::BackfillTerms terms;
    terms.source = std::move(source);
    terms.sorted = sorted;
    terms.catalog_known = catalog()->newest().number();
    terms.opened_us = wall_us();
    host_->open_backfill(std::move(terms), std::move(answer));
  }
  void finish_backfill(std::uint64_t id, bool drop, runtime::BackfillAnswer answer) override {
    if (!host_) return answer(Error{ErrorCode::kUnavailable, "this node only answers queries"});
    host_->finish_backfill(id, drop, std::move(answer));
  }
  std::vector<runtime::Backfill> backfills() const override {
    return host_ ? host_->backfills() : std::vector<runtime::Backfill>();
  }

  std::vector<runtime::InputStatus> inputs() const override {
    return inputs_ ? inputs_->status() : std::vector<runtime::InputStatus>();
  }
  void accept_input_loss(runtime::InputLoss loss, runtime::InputAnswer answer) override {
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

  const runtime::Queries& queries() const override { return *queries_; }
  const runtime::Engine& engine() const override { return *engine_; }

  runtime::NodeStatus status() const override {
    runtime::NodeStatus out;
    out.version = LAUREL_VERSION;
    out.engine = options_.engine;
    out.data_dir = options_.data_dir;
    out.state = state_;
    out.catalog_version = catalog()->newest().number();
    out.uptime_ms = (steady_us() - started_us_) / 1000;
    out.committed_ms_p50 = latency_.recent_ms(0.50);
    out.committed_ms_p99 = latency_.recent_ms(0.99);
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

  std::shared_ptr<const runtime::Catalog> catalog() const override { return keeper_->current(); }
  Result<runtime::CatalogAnswer> publish_catalog(
      const runtime::CatalogPublication& publication) override {
    auto answer = keeper_->publish(publication);
    if (answer && answer->created) {
      log(kCatalogPublished, {{"version", std::to_string(answer->version->number())},
                              {"history", publication.history ? "yes" : "no"}});
    }
    return answer;
  }
  Result<std::string> catalog_schema(std::string_view document) const override {
    return reader_->json_schema(document);
  }

  std::string metrics_text() const override {
    return render_metrics({status(), host_ ? host_->totals() : adapters::HostTotals{},
                           engine_figures_(),
                           inputs_ ? inputs_->status() : std::vector<runtime::InputStatus>(),
                           latency_.since_start(), options_});
  }

 private:
  // Before the data directory is made or touched: a folder that is wrong leaves nothing behind.
  Status start_folder() {
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

  Status start_catalog() {
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
  void use_assets(const runtime::Catalog& catalog) {
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
  adapters::formats::DecoderOptions decoder_options() const {
    const std::lock_guard lock(decoders_mutex_);
    return decoder_options_;
  }

  Status start_engine() {
    auto opened = open_engine(options_, mode_);
    if (!opened) return opened.error();
    engine_ = std::move(opened->engine);
    engine_figures_ = std::move(opened->figures);
    queries_ = std::make_unique<runtime::Queries>(*engine_, registry_, &boards_);
    return {};
  }

  Status start_partitions() {
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
    host.inputs_behind = !options_.inputs.empty();
    auto started = adapters::Host::start(*engine_, registry_, hasher_, catalog(), host);
    if (!started) return started.error();
    host_ = std::move(*started);
    return {};
  }

  Status start_inputs() {
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
    ports.behind = [this](bool behind) { host_->inputs_behind(behind); };
    auto started = adapters::KafkaInputs::start(*kafka, std::move(inputs), std::move(ports));
    if (!started) return started.error();
    inputs_ = std::move(*started);
    return {};
  }

  // Asked for each submission: the assets of the newest catalog hold for it.
  Result<std::function<std::shared_ptr<const runtime::Decoder>()>> input_decoder(
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

  Status start_http() {
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
