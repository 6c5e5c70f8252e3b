// HTTP over TLS.
#include <boost/asio/ssl.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/ssl.hpp>

#include "session.h"

namespace laurel::gateway::internal {

namespace {

using Stream = beast::ssl_stream<beast::tcp_stream>;

class TlsSession final : public Session<TlsSession> {
 public:
  TlsSession(std::weak_ptr<Shared> shared, asio::ip::tcp::socket socket,
             asio::ssl::context& context)
      : Session(std::move(shared)), stream_(std::move(socket), context) {}

  Stream& stream() { return stream_; }
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  void handshake() {
    expire(shared().options.header_ms_max);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [me = shared_from_this()](beast::error_code error) {
                              if (error) return me->close();
                              me->wait_for_request();
                            });
  }
  template <class Then>
  void shut_down(Then then) {
    stream_.async_shutdown([then = std::move(then)](beast::error_code) { then(); });
  }

 private:
  Stream stream_;
};

class OpenSslTls final : public Tls {
 public:
  asio::ssl::context context{asio::ssl::context::tls_server};

  std::shared_ptr<Connection> connect(std::weak_ptr<Shared> shared,
                                      asio::ip::tcp::socket socket) override {
    return std::make_shared<TlsSession>(std::move(shared), std::move(socket), context);
  }
};

runtime::Error unusable(const std::string& what, const std::string& file,
                        const boost::system::error_code& error) {
  return {runtime::ErrorCode::kConfigInvalid, "the TLS " + what + " " + file + " cannot be used: " +
                                                  error.message() + "; a PEM file is expected"};
}

}  // namespace

runtime::Result<std::unique_ptr<Tls>> make_tls(const std::string& cert, const std::string& key) {
  auto tls = std::make_unique<OpenSslTls>();
  tls->context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                           asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1);
  SSL_CTX_set_min_proto_version(tls->context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(tls->context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_num_tickets(tls->context.native_handle(), 1);
  boost::system::error_code error;
  tls->context.use_certificate_chain_file(cert, error);
  if (error) return unusable("certificate", cert, error);
  tls->context.use_private_key_file(key, asio::ssl::context::pem, error);
  if (error) return unusable("key", key, error);
  if (SSL_CTX_check_private_key(tls->context.native_handle()) != 1) {
    return runtime::Error{runtime::ErrorCode::kConfigInvalid,
                          "the TLS key " + key + " does not belong to the certificate " + cert};
  }
  return std::unique_ptr<Tls>(std::move(tls));
}

}  // namespace laurel::gateway::internal
