/// HttpClient: one keep-alive connection to a node, http or https. Blocking, with deadlines.
///
/// Errors     Failure kNoNode: nobody answers there, or its certificate is refused (lasting).
///            Failure kUsage: no such URL. Any HTTP status is a reply, not an error.
#pragma once

#include <memory>
#include <string>

namespace laurel::console {

struct HttpReply {
  unsigned status = 0;
  std::string body;
  unsigned retry_after_s = 0;
};

class HttpClient {
 public:
  /// `url`: http://HOST:PORT or https://HOST:PORT. `ca_file`: PEM, for https; empty: the system's.
  HttpClient(const std::string& url, const std::string& ca_file);
  ~HttpClient();
  HttpReply get(const std::string& target);
  HttpReply post(const std::string& target, std::string body, const std::string& content_type);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// `text` as one segment of a path or value of a query.
std::string url_encode(std::string_view text);

}  // namespace laurel::console
