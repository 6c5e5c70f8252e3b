/// Channel: a connection that carries one request and its reply at a time; plain or TLS behind it.
/// A template once per kind of stream, each instantiated in a file of its own (compile time).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace laurel::console {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

struct Endpoint {
  bool tls = false;
  std::string host, port, ca_file;
};

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

class Channel {
 public:
  virtual ~Channel() = default;
  virtual bool open() const = 0;
  virtual beast::error_code connect(const Endpoint& endpoint) = 0;
  virtual beast::error_code exchange(const Request& request, Response& response) = 0;
  virtual void close() = 0;
  /// Why the last connect() refused the peer's certificate; empty: it did not.
  virtual std::string refused() const { return {}; }
};

std::unique_ptr<Channel> make_plain_channel();
/// An error here: the CA file cannot be read.
std::unique_ptr<Channel> make_tls_channel(const Endpoint& endpoint, beast::error_code& error);

inline constexpr auto kConnectTime = std::chrono::seconds(5);
inline constexpr auto kReplyTime = std::chrono::seconds(90);
inline constexpr std::uint64_t kReplyBytesMax = 64ULL * 1024 * 1024;

/// Derived has: make_stream() -> Stream*, lowest(Stream&), async_handshake(Stream&, done).
template <class Derived, class Stream>
class BasicChannel : public Channel {
 public:
  bool open() const override { return stream_ != nullptr; }

  beast::error_code connect(const Endpoint& endpoint) override {
    beast::error_code error;
    asio::ip::tcp::resolver resolver(io_);
    const auto addresses = resolver.resolve(endpoint.host, endpoint.port, error);
    if (error) return error;
    stream_ = self().make_stream(io_);
    buffer_.clear();
    error = run(kConnectTime, [&](auto done) { lowest().async_connect(addresses, done); });
    if (!error) {
      lowest().socket().set_option(asio::ip::tcp::no_delay(true), error);
      error = run(kConnectTime, [&](auto done) { self().async_handshake(*stream_, done); });
    }
    if (error) close();
    return error;
  }

  beast::error_code exchange(const Request& request, Response& response) override {
    auto error = run(kReplyTime, [&](auto done) { http::async_write(*stream_, request, done); });
    if (error) return error;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kReplyBytesMax);
    error = run(kReplyTime, [&](auto done) { http::async_read(*stream_, buffer_, parser, done); });
    if (error) return error;
    response = parser.release();
    return {};
  }

  void close() override { stream_.reset(); }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(*stream_); }

  // Runs one asynchronous step to its end: only those have deadlines.
  template <class Step>
  beast::error_code run(std::chrono::seconds deadline, Step step) {
    beast::error_code result;
    lowest().expires_after(deadline);
    step([&result](beast::error_code error, auto&&...) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  asio::io_context io_;
  std::unique_ptr<Stream> stream_;
  beast::flat_buffer buffer_;
};

}  // namespace laurel::console
