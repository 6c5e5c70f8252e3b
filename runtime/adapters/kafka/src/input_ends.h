/// InputEnds: asks brokers where inputs end now.
///
/// Threads    One of its own, so that a broker that does not answer holds up no reader.
/// Limits     A question a second, all partitions in one.
/// Errors     A partition without an answer is not told. What is not answered for five seconds is
///            among the troubles.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "client.h"

namespace laurel::adapters::kafka {

struct InputPartition;

class InputEnds {
 public:
  /// Tells each of `inputs` that is not halted. They are looked at under `mutex` only. `consumer`:
  /// of committed records. All four outlive this.
  InputEnds(const ClientBase& base, Client& consumer, std::mutex& mutex,
            std::vector<InputPartition>& inputs);
  ~InputEnds();
  InputEnds(const InputEnds&) = delete;
  InputEnds& operator=(const InputEnds&) = delete;

 private:
  void run();
  bool ask();
  void answered(bool all);

  const ClientBase& base_;
  Client& consumer_;
  std::mutex& inputs_mutex_;
  std::vector<InputPartition>& inputs_;
  std::chrono::steady_clock::time_point answered_at_;
  bool in_trouble_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace laurel::adapters::kafka
