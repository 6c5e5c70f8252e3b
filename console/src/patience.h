/// Patience: asking again while a node is away, busy or stopping.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "arguments.h"

namespace laurel::console {

class Patience {
 public:
  explicit Patience(unsigned retry_s) : deadline_(Clock::now() + std::chrono::seconds(retry_s)) {}

  /// Waits a while, longer each time; throws the failure, `advice` added, when time is up.
  void wait(const Failure& failure, const std::string& advice, unsigned retry_after_s = 0) {
    const auto pause = retry_after_s > 0 ? std::chrono::milliseconds(1000 * retry_after_s) : pause_;
    if (Clock::now() + pause > deadline_) {
      throw Failure{failure.code, failure.message + advice, failure.lasting};
    }
    std::this_thread::sleep_for(pause);
    pause_ = std::min(pause_ * 2, std::chrono::milliseconds(1000));
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline_;
  std::chrono::milliseconds pause_{100};
};

/// What `ask` gets from the node; asked again as long as there is none or it says 503.
template <class Ask>
boost::json::value ask_patiently(unsigned retry_s, Ask ask) {
  Patience patience(retry_s);
  for (;;) {
    try {
      const HttpReply reply = ask();
      if (reply.status != 503) return parse_reply(reply);
      std::string why = "the node is busy or stopping";
      try {
        (void)parse_reply(reply);
      } catch (const Failure& problem) {
        why = problem.message;
      }
      patience.wait({kNoNode, why}, {}, reply.retry_after_s);
    } catch (const Failure& met) {
      if (met.code != kNoNode || met.lasting) throw;
      patience.wait(met, {});
    }
  }
}

}  // namespace laurel::console
