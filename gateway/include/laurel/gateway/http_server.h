/// HttpServer: the node's HTTP API (openapi.json).
///
/// View       One node, through NodeApi only.
/// Lifecycle  Serves from start() until stop(); the destructor stops with no patience.
/// Threads    start(), stop(): one thread. Own threads inside.
/// Limits     HttpOptions: connections, sizes and deadlines are all bounded.
/// Errors     start(): kConfigInvalid (address, port in use, certificate), with what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "laurel/gateway/options.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/node_api.h"

namespace laurel::gateway {

namespace internal {
struct Reads;
}

class HttpServer {
 public:
  /// REQUIRES: `node` outlives the server.
  static runtime::Result<std::unique_ptr<HttpServer>> start(HttpOptions options,
                                                            runtime::NodeApi& node);
  /// For tests: with other reads than those of node.queries().
  static runtime::Result<std::unique_ptr<HttpServer>> start(HttpOptions options,
                                                            runtime::NodeApi& node,
                                                            internal::Reads reads);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Accepts no more, answers what is running, closes. What is not answered by then is cut.
  /// Idempotent. Afterwards the node is not called any more.
  void stop(std::chrono::milliseconds deadline);

 private:
  class Core;
  explicit HttpServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace laurel::gateway
