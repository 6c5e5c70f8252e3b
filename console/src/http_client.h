/// HttpClient: one keep-alive connection to a node. Blocking, with deadlines.
///
/// Errors     kUnavailable: nobody answers there. Any HTTP status is a reply, not an error.
#pragma once

#include <memory>
#include <string>

#include "laurel/runtime/errors.h"

namespace laurel::console {

struct HttpReply {
  unsigned status = 0;
  std::string body;
  unsigned retry_after_s = 0;
};

class HttpClient {
 public:
  /// `url`: http://HOST:PORT
  explicit HttpClient(std::string url);
  ~HttpClient();
  const std::string& url() const;
  runtime::Result<HttpReply> get(const std::string& target);
  runtime::Result<HttpReply> post(const std::string& target, std::string body,
                                  const std::string& content_type);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// `text` as one segment of a path or value of a query.
std::string url_encode(std::string_view text);

}  // namespace laurel::console
