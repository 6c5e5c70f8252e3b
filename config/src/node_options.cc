#include "laurel/config/node_options.h"

#include <filesystem>

#include "laurel/config/check.pb.h"
#include "laurel/config/node.pb.h"
#include "laurel/config/toml_reader.h"
#include "laurel/contract/options.pb.h"

namespace laurel::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

// The defaults as a message: the reference is made of it.
NodeConfig config_of(const NodeOptions& options) {
  NodeConfig config;
  config.mutable_node()->set_id(options.node_id);
  auto& listen = *config.mutable_listen();
  listen.set_address(options.listen.address);
  listen.set_port(options.listen.port);
  listen.set_allow_plaintext(options.listen.allow_plaintext);
  listen.set_tls_cert(options.listen.tls_cert);
  listen.set_tls_key(options.listen.tls_key);
  config.mutable_data()->set_dir(options.data_dir);
  config.mutable_catalog()->set_dir(options.catalog_dir);
  config.mutable_catalog()->set_lead_ms(static_cast<std::uint32_t>(options.catalog_lead.count()));
  config.mutable_engine()->set_kind(options.engine);
  auto& kafka = *config.mutable_kafka();
  kafka.set_bootstrap(options.kafka.bootstrap);
  kafka.set_cluster(options.kafka.cluster);
  kafka.set_client_file(options.kafka.client_file);
  kafka.set_replicas(options.kafka.replicas);
  kafka.set_transaction_timeout_ms(
      static_cast<std::uint32_t>(options.kafka.transaction_timeout.count()));
  config.set_partitions(options.partitions);
  auto& commit = *config.mutable_commit();
  commit.set_interval_min_ms(static_cast<std::uint32_t>(options.commit.interval_min.count()));
  commit.set_turns_max(options.commit.turns_max);
  commit.set_bytes_max(options.commit.bytes_max);
  commit.set_in_flight_max(options.commit.in_flight_max);
  auto& memory = *config.mutable_memory();
  memory.set_cache_mb(options.memory.cache_mb);
  memory.set_activations_mb(options.memory.activations_mb);
  memory.set_boards_mb(options.memory.boards_mb);
  memory.set_idle_s(static_cast<std::uint32_t>(options.memory.idle.count()));
  memory.set_ingest_mb(options.memory.ingest_mb);
  config.mutable_limits()->set_connections_max(options.limits.connections_max);
  config.mutable_limits()->set_request_mb_max(options.limits.request_mb_max);
  config.mutable_topics()->set_bytes_max_mb(options.topics.bytes_max_mb);
  config.mutable_log()->set_level(options.log_level);
  return config;
}

// REQUIRES: checked by the reader, so all numbers are in their ranges. Every key of `config` is
// set.
NodeOptions options_of(const NodeConfig& config) {
  NodeOptions options;
  options.node_id = config.node().id();
  options.listen.address = config.listen().address();
  options.listen.port = static_cast<std::uint16_t>(config.listen().port());
  options.listen.allow_plaintext = config.listen().allow_plaintext();
  options.listen.tls_cert = config.listen().tls_cert();
  options.listen.tls_key = config.listen().tls_key();
  options.data_dir = config.data().dir();
  options.catalog_dir = config.catalog().dir();
  options.catalog_lead = std::chrono::milliseconds(config.catalog().lead_ms());
  options.engine = config.engine().kind();
  options.kafka.bootstrap = config.kafka().bootstrap();
  options.kafka.cluster = config.kafka().cluster();
  options.kafka.client_file = config.kafka().client_file();
  options.kafka.replicas = static_cast<std::uint16_t>(config.kafka().replicas());
  options.kafka.transaction_timeout =
      std::chrono::milliseconds(config.kafka().transaction_timeout_ms());
  for (const NodeConfig::Input& each : config.input()) {
    NodeOptions::Input input;
    input.topic = each.topic();
    if (each.has_format()) input.format = each.format();
    input.mapping = each.mapping();
    options.inputs.push_back(std::move(input));
  }
  options.partitions = static_cast<std::uint16_t>(config.partitions());
  options.commit.interval_min = std::chrono::milliseconds(config.commit().interval_min_ms());
  options.commit.turns_max = config.commit().turns_max();
  options.commit.bytes_max = config.commit().bytes_max();
  options.commit.in_flight_max = static_cast<std::uint16_t>(config.commit().in_flight_max());
  options.memory.cache_mb = config.memory().cache_mb();
  options.memory.activations_mb = config.memory().activations_mb();
  options.memory.boards_mb = config.memory().boards_mb();
  options.memory.idle = std::chrono::seconds(config.memory().idle_s());
  options.memory.ingest_mb = config.memory().ingest_mb();
  options.limits.connections_max = config.limits().connections_max();
  options.limits.request_mb_max = config.limits().request_mb_max();
  options.topics.bytes_max_mb = config.topics().bytes_max_mb();
  options.log_level = config.log().level();
  return options;
}

bool is_loopback(const std::string& address) {
  if (address == "localhost" || address == "::1") return true;
  // 127.0.0.0/8; a name that begins like it is none.
  return address.rfind("127.", 0) == 0 &&
         address.find_first_not_of("0123456789.") == std::string::npos;
}

// What no key alone can say.
std::string contradictions(const NodeOptions& options, const std::string& file) {
  std::string out;
  const auto fail = [&](const std::string& what) {
    out += (out.empty() ? "" : "\n") + file + ": " + what;
  };
  if (options.node_id.empty() || options.node_id.size() > 64) {
    fail("node.id: allowed: 1 to 64 characters");
  }
  if (options.data_dir.empty()) fail("data.dir: may not be empty");
  if (options.listen.address.empty()) fail("listen.address: may not be empty");
  if (options.engine == "kafka" && options.kafka.bootstrap.empty()) {
    fail("kafka.bootstrap: engine.kind = \"kafka\" needs the address of a broker");
  }
  if (!options.inputs.empty() && options.engine != "kafka") {
    fail("input: topics are read with engine.kind = \"kafka\"");
  }
  for (const NodeOptions::Input& input : options.inputs) {
    if (input.topic.empty()) fail("input.topic: may not be empty");
    if ((input.format == "json") != !input.mapping.empty()) {
      fail("input.mapping: the format json needs one, and no other has one");
    }
  }
  const bool has_cert = !options.listen.tls_cert.empty();
  if (has_cert != !options.listen.tls_key.empty()) {
    fail("listen.tls_cert and listen.tls_key: one needs the other");
  }
  if (!is_loopback(options.listen.address) && !has_cert && !options.listen.allow_plaintext) {
    fail("listen.address: \"" + options.listen.address +
         "\" is reached from other machines; allowed: a loopback address, or tls_cert and tls_key, "
         "or allow_plaintext = true");
  }
  return out;
}

void print_comment(std::string& out, const FieldDescriptor& field) {
  out += "# " + field.options().GetExtension(contract::doc);
  const Check& rule = field.options().GetExtension(config::check);
  std::string allowed;
  if (rule.has_min() && rule.has_max()) {
    allowed = std::to_string(rule.min()) + " to " + std::to_string(rule.max());
  }
  for (const std::string& one : rule.one_of()) allowed += (allowed.empty() ? "" : ", ") + one;
  if (!rule.unit().empty()) allowed += " " + rule.unit();
  if (!allowed.empty()) out += " Allowed: " + allowed + ".";
  out += "\n";
}

void print_value(std::string& out, const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  out += "# " + field.name() + " = ";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      out += reflection.GetBool(message, &field) ? "true" : "false";
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      out += std::to_string(reflection.GetUInt32(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      out += std::to_string(reflection.GetUInt64(message, &field));
      break;
    default:
      out += "\"" + reflection.GetString(message, &field) + "\"";
  }
  out += "\n";
}

}  // namespace

Result<NodeOptions> load_node_options(const std::string& path) {
  NodeConfig read;
  if (auto status = read_toml_file(path, read); !status) return status.error();
  NodeConfig config = config_of(NodeOptions{});
  config.MergeFrom(read);
  NodeOptions options = options_of(config);
  if (std::string wrong = contradictions(options, path); !wrong.empty()) {
    return Error{ErrorCode::kConfigInvalid, std::move(wrong)};
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const auto beside = [&](std::string& file) {
    if (!file.empty()) file = (folder / file).lexically_normal().string();
  };
  if (options.catalog_dir.empty()) {
    std::error_code error;
    if (std::filesystem::is_directory(folder / "catalog", error)) options.catalog_dir = "catalog";
  }
  beside(options.catalog_dir);
  beside(options.data_dir);
  beside(options.listen.tls_cert);
  beside(options.listen.tls_key);
  beside(options.kafka.client_file);
  for (NodeOptions::Input& input : options.inputs) beside(input.mapping);
  return options;
}

std::string reference_configuration() {
  const NodeConfig defaults = config_of(NodeOptions{});
  const Descriptor& type = *NodeConfig::descriptor();
  std::string out =
      "# Every key of node.toml, with its default. A key that is left out has it. Paths are "
      "relative\n"
      "# to the folder of node.toml. A test compares this file with the program.\n\n";
  const auto print = [&](const Message& message, const FieldDescriptor& field) {
    print_comment(out, field);
    print_value(out, message, field);
  };
  // Keys of no table come first: after a [table] they would belong to it.
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->message_type() == nullptr) print(defaults, *type.field(i));
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& table = *type.field(i);
    if (table.message_type() == nullptr) continue;
    out += "\n# " + table.options().GetExtension(contract::doc) + "\n";
    if (table.is_repeated()) {
      // None is the default, so all of it is a remark.
      out += "# [[" + table.name() + "]]\n";
      for (int j = 0; j < table.message_type()->field_count(); ++j) {
        const FieldDescriptor& field = *table.message_type()->field(j);
        print_comment(out, field);
        out += "#   " + field.name() + " = \"...\"\n";
      }
      continue;
    }
    out += "[" + table.name() + "]\n";
    const Message& message = defaults.GetReflection()->GetMessage(defaults, &table);
    for (int j = 0; j < table.message_type()->field_count(); ++j) {
      print(message, *table.message_type()->field(j));
    }
  }
  return out;
}

}  // namespace laurel::config
