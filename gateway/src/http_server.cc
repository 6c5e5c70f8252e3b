// The listener, the connections without TLS, start and stop.
#include "laurel/gateway/http_server.h"

#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>

#include "session.h"

namespace laurel::gateway {

namespace internal {

namespace {

using asio::ip::tcp;

class PlainSession final : public Session<PlainSession> {
 public:
  PlainSession(std::weak_ptr<Shared> shared, tcp::socket socket)
      : Session(std::move(shared)), stream_(std::move(socket)) {}

  beast::tcp_stream& stream() { return stream_; }
  beast::tcp_stream& lowest() { return stream_; }
  void handshake() { wait_for_request(); }
  template <class Then>
  void shut_down(Then then) {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    then();
  }

 private:
  beast::tcp_stream stream_;
};

Reads reads_of(const runtime::Queries& queries) {
  Reads reads;
  reads.actor = [&queries](std::string_view type, std::string_view key) {
    return queries.actor(type, key);
  };
  reads.table = [&queries](const TableRequest& request) {
    return queries.table(request.type, request.key, request.table, request.cursor, request.limit);
  };
  reads.actors = [&queries](std::string_view type, std::string_view cursor, std::size_t limit) {
    return queries.actors(type, cursor, limit);
  };
  reads.board = [&queries](std::string_view type, std::string_view key, std::string_view table) {
    return queries.board(type, key, table);
  };
  reads.board_members = [&queries](std::string_view type, std::string_view key,
                                   std::string_view table,
                                   const std::vector<std::string>& members) {
    return queries.board_members(type, key, table, members);
  };
  return reads;
}

Scheduler scheduler_of(const std::weak_ptr<Shared>& weak) {
  Scheduler scheduler;
  scheduler.post = [weak](std::function<void()> what) {
    if (const auto shared = weak.lock()) asio::post(shared->handlers, std::move(what));
  };
  scheduler.after = [weak](std::chrono::milliseconds delay, std::function<void()> what) {
    const auto shared = weak.lock();
    if (!shared) return;
    auto timer = std::make_shared<asio::steady_timer>(shared->io, delay);
    timer->async_wait([weak, timer, what = std::move(what)](beast::error_code error) mutable {
      const auto still = weak.lock();
      if (!error && still) asio::post(still->handlers, std::move(what));
    });
  };
  return scheduler;
}

runtime::Error invalid(std::string message) {
  return {runtime::ErrorCode::kConfigInvalid, std::move(message)};
}

std::string endpoint_text(const HttpOptions& options) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return (v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
}

}  // namespace

std::shared_ptr<Connection> make_plain_connection(std::weak_ptr<Shared> shared,
                                                  tcp::socket socket) {
  return std::make_shared<PlainSession>(std::move(shared), std::move(socket));
}

}  // namespace internal

namespace asio = boost::asio;
namespace beast = boost::beast;
using internal::Shared;
using internal::Tls;
using tcp = asio::ip::tcp;

class HttpServer::Core {
 public:
  explicit Core(HttpOptions options)
      : shared_(std::make_shared<Shared>(std::move(options))),
        acceptor_(shared_->io),
        backoff_(shared_->io) {}
  ~Core() { stop(std::chrono::milliseconds(0)); }

  runtime::Status open(runtime::NodeApi& node, internal::Reads reads) {
    const HttpOptions& options = shared_->options;
    internal::ServiceOptions service_options;
    service_options.body_bytes_max = options.body_bytes_max;
    service_options.ingest_sessions_max = options.ingest_sessions_max;
    shared_->service = std::make_shared<internal::Service>(
        node, std::move(reads), internal::scheduler_of(shared_), service_options);
    if (options.tls_cert.empty() != options.tls_key.empty()) {
      return internal::invalid("TLS needs both a certificate and a key; only one of them is given");
    }
    if (!options.tls_cert.empty()) {
      auto tls = internal::make_tls(options.tls_cert, options.tls_key);
      if (!tls) return tls.error();
      tls_ = std::move(*tls);
    }
    if (auto listening = listen(); !listening) return listening;
    for (std::size_t i = 0; i < options.io_threads; ++i) {
      threads_.emplace_back([shared = shared_] { shared->io.run(); });
    }
    return {};
  }

  std::uint16_t port() const { return port_; }

  void stop(std::chrono::milliseconds deadline) {
    if (stopped_) return;
    stopped_ = true;
    shared_->stopping = true;
    if (shared_->service) shared_->service->stop();
    asio::post(shared_->io, [this] {
      beast::error_code ignored;
      acceptor_.close(ignored);
      backoff_.cancel();
    });
    {
      std::unique_lock lock(shared_->mutex);
      for (const auto& connection : shared_->connections) connection->stop();
      shared_->changed.wait_for(lock, deadline, [this] { return shared_->connections.empty(); });
      for (const auto& connection : shared_->connections) connection->kill();
      // Closing takes no waiting; the bound is for a server whose threads never ran.
      shared_->changed.wait_for(lock, std::chrono::milliseconds(threads_.empty() ? 0 : 1000),
                                [this] { return shared_->connections.empty(); });
    }
    work_.reset();
    shared_->handlers.stop();
    shared_->handlers.join();
    shared_->io.stop();
    for (auto& thread : threads_) thread.join();
    std::unordered_set<std::shared_ptr<internal::Connection>> rest;
    const std::lock_guard lock(shared_->mutex);
    rest.swap(shared_->connections);
  }

 private:
  runtime::Status listen() {
    const HttpOptions& options = shared_->options;
    beast::error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) {
      return internal::invalid(
          "\"" + options.address +
          "\" is no address to listen on; an IPv4 or IPv6 address is expected");
    }
    if (!address.is_loopback() && !tls_ && !options.allow_plaintext) {
      return internal::invalid("listening on " + internal::endpoint_text(options) +
                               " without TLS would send players' data in the clear; give a "
                               "certificate and a key, or set allow_plaintext");
    }
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use) {
      return internal::invalid("cannot listen on " + internal::endpoint_text(options) +
                               ": the port is in use by another process (another node?); stop it "
                               "or choose another port");
    }
    if (error) {
      return internal::invalid("cannot listen on " + internal::endpoint_text(options) + ": " +
                               error.message());
    }
    port_ = acceptor_.local_endpoint(error).port();
    accept();
    return {};
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(shared_->io),
                           [this](beast::error_code error, tcp::socket socket) {
                             if (shared_->stopping || error == asio::error::operation_aborted) {
                               return;
                             }
                             if (error) return retry_later();
                             welcome(std::move(socket));
                             accept();
                           });
  }

  /// Out of descriptors, most likely: connections that end give some back.
  void retry_later() {
    backoff_.expires_after(std::chrono::milliseconds(100));
    backoff_.async_wait([this](beast::error_code error) {
      if (!error && !shared_->stopping) accept();
    });
  }

  void welcome(tcp::socket socket) {
    beast::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->connections.size() >= shared_->options.connections_max) {
        return turn_away(std::move(socket));
      }
    }
    const auto connection = tls_ ? tls_->connect(shared_, std::move(socket))
                                 : internal::make_plain_connection(shared_, std::move(socket));
    shared_->add(connection);
    connection->start();
  }

  void turn_away(tcp::socket socket) {
    if (tls_) return;
    const internal::Reply reply = internal::problem(
        internal::Problem{503, "overloaded", "too many connections; retry later"});
    const std::string text =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " + reply.content_type +
        "\r\nRetry-After: 1\r\nConnection: close\r\n" +
        "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
    beast::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Tls> tls_;
  tcp::acceptor acceptor_;
  asio::steady_timer backoff_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{
      asio::make_work_guard(shared_->io)};
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
};

runtime::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpOptions options,
                                                               runtime::NodeApi& node) {
  return start(std::move(options), node, internal::reads_of(node.queries()));
}

runtime::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpOptions options,
                                                               runtime::NodeApi& node,
                                                               internal::Reads reads) {
  options.io_threads = std::max<std::size_t>(1, options.io_threads);
  options.handler_threads = std::max<std::size_t>(1, options.handler_threads);
  auto core = std::make_shared<Core>(std::move(options));
  if (auto opened = core->open(node, std::move(reads)); !opened) return opened.error();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return core_->port(); }
void HttpServer::stop(std::chrono::milliseconds deadline) { core_->stop(deadline); }

}  // namespace laurel::gateway
