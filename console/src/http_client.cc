#include "http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <optional>

namespace laurel::console {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

constexpr auto kConnect = std::chrono::seconds(5);
constexpr auto kReply = std::chrono::seconds(90);
constexpr std::uint64_t kReplyBytesMax = 64ULL * 1024 * 1024;

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(std::string url) : url_(std::move(url)) {
    std::string_view rest = url_;
    if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
      rest.remove_prefix(scheme + 3);
    }
    rest = rest.substr(0, rest.find('/'));
    const auto colon = rest.rfind(':');
    host_ = std::string(rest.substr(0, colon));
    port_ = colon == std::string_view::npos ? "7400" : std::string(rest.substr(colon + 1));
  }

  const std::string& url() const { return url_; }

  Result<HttpReply> send(http::verb verb, const std::string& target, std::string body,
                         const std::string& content_type) {
    http::request<http::string_body> request{verb, target, 11};
    request.set(http::field::host, host_);
    request.set(http::field::user_agent, "laurel");
    if (!content_type.empty()) request.set(http::field::content_type, content_type);
    request.body() = std::move(body);
    request.prepare_payload();
    // A kept connection may have been closed meanwhile: a read-only request is sent once more.
    const bool kept = stream_.has_value();
    auto reply = exchange(request);
    if (!reply && kept && verb == http::verb::get) reply = exchange(request);
    return reply;
  }

 private:
  // Runs one asynchronous step to its end: only those have deadlines.
  template <class Step>
  beast::error_code run(std::chrono::seconds deadline, Step step) {
    beast::error_code result;
    stream_->expires_after(deadline);
    step([&result](beast::error_code error, auto&&...) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  Result<HttpReply> exchange(const http::request<http::string_body>& request) {
    const auto failed = [this](const char* what, beast::error_code error) {
      stream_.reset();
      return Error{ErrorCode::kUnavailable, "no node answers at " + url_ + " (" + what + ": " +
                                                error.message() +
                                                "); start one with `laurel run`, or name another "
                                                "with --server"};
    };
    beast::error_code error;
    if (!stream_) {
      asio::ip::tcp::resolver resolver(io_);
      const auto addresses = resolver.resolve(host_, port_, error);
      if (error) return failed("resolve", error);
      stream_.emplace(io_);
      buffer_.clear();
      error = run(kConnect, [&](auto done) { stream_->async_connect(addresses, done); });
      if (error) return failed("connect", error);
      stream_->socket().set_option(asio::ip::tcp::no_delay(true), error);
    }
    error = run(kReply, [&](auto done) { http::async_write(*stream_, request, done); });
    if (error) return failed("send", error);
    http::response_parser<http::string_body> parser;
    parser.body_limit(kReplyBytesMax);
    error = run(kReply, [&](auto done) { http::async_read(*stream_, buffer_, parser, done); });
    if (error) return failed("reply", error);
    HttpReply reply;
    reply.status = parser.get().result_int();
    reply.body = std::move(parser.get().body());
    const auto after = parser.get()[http::field::retry_after];
    std::from_chars(after.data(), after.data() + after.size(), reply.retry_after_s);
    if (!parser.get().keep_alive()) stream_.reset();
    return reply;
  }

  std::string url_, host_, port_;
  asio::io_context io_;
  std::optional<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
};

HttpClient::HttpClient(std::string url) : impl_(std::make_unique<Impl>(std::move(url))) {}
HttpClient::~HttpClient() = default;
const std::string& HttpClient::url() const { return impl_->url(); }
Result<HttpReply> HttpClient::get(const std::string& target) {
  return impl_->send(http::verb::get, target, {}, {});
}
Result<HttpReply> HttpClient::post(const std::string& target, std::string body,
                                   const std::string& content_type) {
  return impl_->send(http::verb::post, target, std::move(body), content_type);
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= '0' && byte <= '9') || ((byte | 32U) >= 'a' && (byte | 32U) <= 'z') || c == '-' ||
        c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

}  // namespace laurel::console
