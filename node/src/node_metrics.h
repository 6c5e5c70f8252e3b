/// The metrics of a node, from plain figures to Prometheus text.
#pragma once

#include <string>
#include <vector>

#include "laurel/adapters/caf/host.h"
#include "laurel/adapters/kafka/kafka_inputs.h"
#include "laurel/config/node_options.h"
#include "laurel/node/latency.h"
#include "laurel/runtime/node_api.h"
#include "open_engine.h"

namespace laurel::node {

struct Figures {
  runtime::NodeStatus status;
  adapters::HostTotals totals;
  EngineFigures engine;
  std::vector<runtime::InputStatus> inputs;
  LatencyRecorder::Histogram latency, input_latency;
  const config::NodeOptions& options;
};

std::string render_metrics(const Figures& figures);

}  // namespace laurel::node
