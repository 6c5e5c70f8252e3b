/// HttpOptions: where the node listens for HTTP, and the bounds of what a client may take of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace laurel::gateway {

struct HttpOptions {
  std::string address =
      "127.0.0.1";            ///< IPv4 or IPv6; any but loopback needs TLS or allow_plaintext
  std::uint16_t port = 7400;  ///< 0: any free one, see HttpServer::port()
  bool allow_plaintext = false;
  std::string tls_cert;  ///< PEM file with the chain; empty: no TLS
  std::string tls_key;   ///< PEM file

  std::size_t io_threads = 1;
  std::size_t handler_threads = 2;  ///< run what reads the store, splits and renders

  std::size_t connections_max = 1024;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 80 * 1024 * 1024;     ///< of one request
  std::size_t bodies_bytes_max = 256 * 1024 * 1024;  ///< of all requests together
  std::size_t ingest_sessions_max = 256;

  std::uint32_t header_ms_max = 5'000;    ///< from the first byte of a request to its last header
  std::uint32_t body_ms_max = 30'000;     ///< for each 64 KiB of a body
  std::uint32_t idle_ms_max = 75'000;     ///< between two requests of a connection
  std::uint32_t request_ms_max = 60'000;  ///< until the outcome is reported as unknown
  std::uint32_t write_ms_max = 60'000;    ///< for a response
};

}  // namespace laurel::gateway
