/// What all connections of a server share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>

#include "laurel/gateway/http_server.h"
#include "service.h"

namespace laurel::gateway::internal {

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  /// Closes when no request is running, else after its reply. From any thread.
  virtual void stop() = 0;
  /// Closes now. From any thread.
  virtual void kill() = 0;
};

/// Lifecycle  A reply may come after stop(): who delivers it holds a Shared, which keeps the
///            io_context, and only a weak reference to the connection. The set below owns it.
struct Shared {
  HttpOptions options;
  std::atomic<std::size_t> bodies_bytes{0};
  boost::asio::io_context io;
  boost::asio::thread_pool handlers;
  std::shared_ptr<Service> service;
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_set<std::shared_ptr<Connection>> connections;

  explicit Shared(HttpOptions of)
      : options(std::move(of)),
        io(static_cast<int>(options.io_threads)),
        handlers(options.handler_threads) {}
  ~Shared() { connections.clear(); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void add(const std::shared_ptr<Connection>& connection) {
    const std::lock_guard lock(mutex);
    connections.insert(connection);
  }
  void remove(const std::shared_ptr<Connection>& connection) {
    const std::lock_guard lock(mutex);
    connections.erase(connection);
    changed.notify_all();
  }
};

std::shared_ptr<Connection> make_plain_connection(std::weak_ptr<Shared> shared,
                                                  boost::asio::ip::tcp::socket socket);

/// Certificates and keys, read once.
class Tls {
 public:
  virtual ~Tls() = default;
  virtual std::shared_ptr<Connection> connect(std::weak_ptr<Shared> shared,
                                              boost::asio::ip::tcp::socket socket) = 0;
};
runtime::Result<std::unique_ptr<Tls>> make_tls(const std::string& cert, const std::string& key);

}  // namespace laurel::gateway::internal
