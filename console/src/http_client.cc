#include "http_client.h"

#include <charconv>

#include "failure.h"
#include "http_channel.h"

namespace laurel::console {
namespace {

Endpoint endpoint_of(const std::string& url, const std::string& ca_file) {
  Endpoint endpoint;
  endpoint.ca_file = ca_file;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    endpoint.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.find("://") != std::string_view::npos) {
    throw Failure{kUsage,
                  "'" + url + "' is no server; allowed: http://HOST:PORT, https://HOST:PORT"};
  }
  rest = rest.substr(0, rest.find('/'));
  const auto colon = rest.rfind(':');
  // [::1]:7400 has its colons in brackets.
  const auto bracket = rest.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  endpoint.host = std::string(rest.substr(0, has_port ? colon : rest.size()));
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']')) {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  endpoint.port = has_port ? std::string(rest.substr(colon + 1)) : "7400";
  if (endpoint.host.empty()) throw Failure{kUsage, "'" + url + "' names no host"};
  return endpoint;
}

}  // namespace

class HttpClient::Impl {
 public:
  Impl(const std::string& url, const std::string& ca_file)
      : url_(url), endpoint_(endpoint_of(url, ca_file)) {
    if (!endpoint_.tls) {
      channel_ = make_plain_channel();
      return;
    }
    beast::error_code error;
    channel_ = make_tls_channel(endpoint_, error);
    if (error) throw Failure{kFailed, "cannot read the CA in " + ca_file + ": " + error.message()};
  }

  HttpReply send(http::verb verb, const std::string& target, std::string body,
                 const std::string& content_type) {
    Request request{verb, target, 11};
    request.set(http::field::host, endpoint_.host);
    request.set(http::field::user_agent, "laurel");
    if (!content_type.empty()) request.set(http::field::content_type, content_type);
    request.body() = std::move(body);
    request.prepare_payload();
    // A kept connection may have been closed meanwhile: a read-only request is sent once more.
    const bool kept = channel_->open();
    Response response;
    auto error = exchange(request, response);
    if (error && kept && verb == http::verb::get) error = exchange(request, response);
    if (const std::string why = channel_->refused(); error && !why.empty()) {
      throw Failure{kNoNode,
                    "the certificate of " + url_ + " is refused: " + why +
                        "\n  --ca FILE names the CA to trust, --server the host it is made for",
                    true};
    }
    if (error) {
      throw Failure{kNoNode, "no node answers at " + url_ + " (" + error.message() +
                                 "); start one with `laurel run`, or name another with --server"};
    }
    HttpReply reply;
    reply.status = response.result_int();
    const auto after = response[http::field::retry_after];
    std::from_chars(after.data(), after.data() + after.size(), reply.retry_after_s);
    if (!response.keep_alive()) channel_->close();
    reply.body = std::move(response.body());
    return reply;
  }

 private:
  beast::error_code exchange(const Request& request, Response& response) {
    beast::error_code error;
    if (!channel_->open()) error = channel_->connect(endpoint_);
    if (!error) error = channel_->exchange(request, response);
    if (error) channel_->close();
    return error;
  }

  std::string url_;
  Endpoint endpoint_;
  std::unique_ptr<Channel> channel_;
};

HttpClient::HttpClient(const std::string& url, const std::string& ca_file)
    : impl_(std::make_unique<Impl>(url, ca_file)) {}
HttpClient::~HttpClient() = default;
HttpReply HttpClient::get(const std::string& target) {
  return impl_->send(http::verb::get, target, {}, {});
}
HttpReply HttpClient::post(const std::string& target, std::string body,
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
