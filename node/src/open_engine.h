/// The engine that the configuration asks for.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "laurel/adapters/embedded/embedded_engine.h"
#include "laurel/adapters/kafka/kafka_engine.h"
#include "laurel/config/node_options.h"
#include "laurel/node/node.h"

namespace laurel::node {

/// What the engine has counted; of the kind that it is.
struct EngineFigures {
  std::optional<adapters::EmbeddedStats> embedded;
  std::optional<adapters::KafkaStats> kafka;
};

struct OpenEngine {
  std::unique_ptr<runtime::Engine> engine;
  /// As long as the engine lives.
  std::function<EngineFigures()> figures;
};

/// Of the engine kafka, for whoever else talks to its brokers. kConfigInvalid: the file of client
/// properties.
runtime::Result<adapters::KafkaOptions> kafka_options(const config::NodeOptions& options);

/// Errors: as open_embedded() and open_kafka(); kConfigInvalid for a file of client properties.
runtime::Result<OpenEngine> open_engine(const config::NodeOptions& options, const Node::Mode& mode);

}  // namespace laurel::node
