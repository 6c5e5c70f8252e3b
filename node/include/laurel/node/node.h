/// Node: one node, wired. The one place that knows which adapter stands behind which port.
///
///   start  1 folder (of the catalog)  2 engine (lock, recover)  3 catalog (its stored versions)
///          4 partitions (take over)  5 HTTP
///   stop   5 HTTP: no new requests   4 partitions: what was handed in is committed
///          2 engine: closed
///
/// Lifecycle  start(), stop() (idempotent, also by the destructor).
/// Threads    start() and stop(): one thread. NodeApi: any thread while it is up.
/// Errors     start(): kConfigInvalid, kDataDirInUse, kDataDirForeign, kDataLost, kStoreFailed.
#pragma once

#include <memory>
#include <string>

#include "laurel/config/node_options.h"
#include "laurel/runtime/node_api.h"

namespace laurel::node {

class Node {
 public:
  struct Mode {
    bool read_only = false;  ///< queries only: for a stopped node's directory
    bool http = true;
    /// Trust the database although the file that says what was acknowledged is gone.
    bool accept_missing_high_water = false;
  };
  static runtime::Result<std::unique_ptr<Node>> start(const config::NodeOptions& options,
                                                      Mode mode);
  ~Node();

  runtime::NodeApi& api();
  std::uint16_t http_port() const;
  void stop();

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace laurel::node
