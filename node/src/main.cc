// laurel: run a node, play the demo, or talk to a node (console verbs).
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "catalog_verbs.h"
#include "demo.h"
#include "laurel/console/console.h"
#include "laurel/node/node.h"
#include "log.h"
#include "signals.h"

namespace {

using namespace laurel;  // NOLINT(google-build-using-namespace)

// A stop that hangs must not hang for ever; what was durable stays so.
constexpr auto kStopWatchdog = std::chrono::seconds(20);

int fail(const char* verb, const runtime::Error& error) {
  std::fprintf(stderr, "laurel %s: %s\n  (%s: docs/errors/%s.md)\n", verb, error.message.c_str(),
               name_of(error.code), name_of(error.code));
  return 1;
}

// A start can take minutes: a broker is waited for, a log is read anew. Whoever asks for a stop
// meanwhile has it at once: a start has nothing yet that a kill could lose.
runtime::Result<std::unique_ptr<node::Node>> start_or_stop(const config::NodeOptions& options,
                                                           const node::Node::Mode& mode) {
  auto starting = std::async(std::launch::async, [&] { return node::Node::start(options, mode); });
  while (starting.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (!node::stop_signal_within_ms(10)) continue;
    node::log(node::kNodeStopped, {{"what", "while it started"}});
    std::_Exit(0);
  }
  return starting.get();
}

int run_node(int argc, char** argv) {
  CLI::App app{"Run one node until SIGTERM or Ctrl-C.", "laurel run"};
  std::string config_file, data_dir;
  int port = -1;
  app.add_option("--config", config_file, "node.toml; its catalog is the folder catalog beside it");
  app.add_option("--data", data_dir, "Data directory, instead of the configured one");
  app.add_option("--port", port, "HTTP port, instead of the configured one; 0: any free one")
      ->check(CLI::Range(0, 65535));
  node::Node::Mode mode;
  app.add_flag("--accept-missing-high-water", mode.accept_missing_high_water,
               "Trust the database although the file high-water is gone or damaged: for a "
               "directory restored without it, once");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  config::NodeOptions options;
  if (!config_file.empty()) {
    auto loaded = config::load_node_options(config_file);
    if (!loaded) return fail("run", loaded.error());
    options = std::move(*loaded);
  }
  if (!data_dir.empty()) options.data_dir = data_dir;
  if (port >= 0) options.listen.port = static_cast<std::uint16_t>(port);
  auto node = start_or_stop(options, mode);
  if (!node) return fail("run", node.error());
  std::fprintf(stderr, "laurel: node %s runs on %s://%s:%u, data in %s\n", options.node_id.c_str(),
               options.listen.tls_cert.empty() ? "http" : "https", options.listen.address.c_str(),
               (*node)->http_port(), options.data_dir.c_str());
  bool failed = false;
  while (!node::stop_signal_within_ms(500)) {
    const std::string why = (*node)->api().status().failure;
    if (why.empty()) continue;
    node::log(node::kNodeFailed, {{"failure", why}});
    failed = true;
    break;
  }
  std::thread([] {
    std::this_thread::sleep_for(kStopWatchdog);
    node::log(node::kNodeStopStuck, {{"what", "the stop took too long; nothing durable is lost"}});
    _exit(1);
  }).detach();
  (*node)->stop();
  return failed ? 1 : 0;
}

class ServedDirectory final : public console::ServedNode {
 public:
  explicit ServedDirectory(std::unique_ptr<node::Node> node) : node_(std::move(node)) {}
  std::string url() const override {
    return "http://127.0.0.1:" + std::to_string(node_->http_port());
  }

 private:
  std::unique_ptr<node::Node> node_;
};

std::unique_ptr<console::ServedNode> serve(const std::string& data_dir, std::string& error) {
  config::NodeOptions options;
  options.data_dir = data_dir;
  options.listen.port = 0;
  options.log_level = "error";  // of a verb that prints for people
  auto node = node::Node::start(options, {.read_only = true, .http = true});
  if (!node) {
    error = node.error().message;
    return nullptr;
  }
  return std::make_unique<ServedDirectory>(std::move(*node));
}

int help() {
  std::printf(
      "laurel: points, tiers and standings for players, exact and live.\n\n"
      "usage: laurel VERB [OPTIONS]          laurel VERB --help tells more\n\n"
      "  run                 run a node\n"
      "  demo                a node, wagers played into it, a live table\n"
      "  config reference    every configuration key, explained\n"
      "  catalog validate    check a catalog folder, without a node; also: catalog schema\n"
      "%s\n"
      "exit codes: 0 ok, 1 failed, 2 usage, 3 no node, 4 some rejected\n",
      console::console_help().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "--help";
  if (verb == "--help" || verb == "-h" || verb == "help") return help();
  if (verb == "--version") {
    std::printf("laurel %s\n", LAUREL_VERSION);
    return 0;
  }
  if (verb == "catalog" && argc > 2 && node::is_catalog_verb(argv[2])) {
    return node::run_catalog_verb(argc - 1, argv + 1);
  }
  if (console::is_console_verb(verb)) return console::run_console(argc, argv, {serve});
  node::block_stop_signals();
  ::umask(077);  // what a node writes holds its secret and its players
  if (verb == "run") return run_node(argc - 1, argv + 1);
  if (verb == "demo") return node::run_demo(argc - 1, argv + 1);
  if (verb == "config" && argc == 3 && std::strcmp(argv[2], "reference") == 0) {
    std::fputs(config::reference_configuration().c_str(), stdout);
    return 0;
  }
  std::fprintf(stderr, "laurel: there is no verb '%s'; see laurel --help\n", verb.c_str());
  return 2;
}
