/// InputEnds: asks brokers where inputs end now.
///
/// Threads    One of its own, so that a broker that does not answer holds up no reader.
/// Limits     A question a second, all partitions in one.
/// Errors     A partition without an answer is not told. What is not answered for five seconds is
///            among the troubles.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client.h"

namespace laurel::adapters::kafka {

class InputEnds {
 public:
  struct Place {
    std::string topic;
    int partition = 0;
  };
  struct Ports {
    /// Whose ends are asked for.
    std::function<std::vector<Place>()> places;
    /// It ends there, for readers of committed records, at that moment (wall clock) or later.
    std::function<void(const Place&, std::int64_t end, std::int64_t asked_us)> tell;
  };

  /// `consumer`: of committed records. All three outlive this.
  InputEnds(const ClientBase& base, Client& consumer, Ports ports);
  ~InputEnds();
  InputEnds(const InputEnds&) = delete;
  InputEnds& operator=(const InputEnds&) = delete;

 private:
  void run();
  bool ask();
  void answered(bool all);

  const ClientBase& base_;
  Client& consumer_;
  const Ports ports_;
  std::chrono::steady_clock::time_point answered_at_;
  bool in_trouble_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace laurel::adapters::kafka
