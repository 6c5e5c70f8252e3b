#include <boost/asio/ssl.hpp>
#include <boost/beast/ssl.hpp>

#include "http_channel.h"

namespace laurel::console {
namespace {

namespace ssl = asio::ssl;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

class TlsChannel final : public BasicChannel<TlsChannel, TlsStream> {
 public:
  explicit TlsChannel(std::string host) : host_(std::move(host)) {}

  beast::error_code trust(const std::string& ca_file) {
    beast::error_code error;
    context_.set_options(ssl::context::no_tlsv1_1 | ssl::context::no_tlsv1 |
                         ssl::context::no_sslv3 | ssl::context::no_sslv2);
    if (ca_file.empty()) {
      context_.set_default_verify_paths(error);
    } else {
      context_.load_verify_file(ca_file, error);
    }
    return error;
  }

  std::unique_ptr<TlsStream> make_stream(asio::io_context& io) {
    auto stream = std::make_unique<TlsStream>(io, context_);
    stream->set_verify_mode(ssl::verify_peer);
    refused_.clear();
    stream->set_verify_callback([this](bool trusted, ssl::verify_context& at) {
      X509_STORE_CTX* const store = at.native_handle();
      if (!trusted) {
        refused_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
      } else if (!ssl::host_name_verification(host_)(true, at)) {
        refused_ = "it is not for " + host_;
      }
      return refused_.empty();
    });
    SSL_set_tlsext_host_name(stream->native_handle(), host_.c_str());
    return stream;
  }
  template <class Done>
  static void async_handshake(TlsStream& stream, Done done) {
    stream.async_handshake(ssl::stream_base::client, done);
  }

  std::string refused() const override { return refused_; }

 private:
  std::string host_;
  std::string refused_;
  ssl::context context_{ssl::context::tls_client};
};

}  // namespace

std::unique_ptr<Channel> make_tls_channel(const Endpoint& endpoint, beast::error_code& error) {
  auto channel = std::make_unique<TlsChannel>(endpoint.host);
  error = channel->trust(endpoint.ca_file);
  return channel;
}

}  // namespace laurel::console
