/// Request, Reply: HTTP without a socket, as the handlers see it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace laurel::gateway::internal {

struct Request {
  std::string method;
  std::string target;  ///< path and query, as sent
  std::string content_type;
  std::string body;
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::optional<int> retry_after_s;
  std::string allow;  ///< with 405
};

/// Called exactly once, on any thread.
using Respond = std::function<void(Reply)>;

/// Where handlers go on later. Both do nothing once the server has stopped.
struct Scheduler {
  std::function<void(std::function<void()>)> post;
  std::function<void(std::chrono::milliseconds, std::function<void()>)> after;
};

}  // namespace laurel::gateway::internal
