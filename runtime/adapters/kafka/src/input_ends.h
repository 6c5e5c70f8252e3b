/// InputEnds: whether inputs that were read to their ends still are.
///
/// Why        The client says once that a partition is at its end. Of a broker that stands still,
/// or
///            is cut off, nothing is heard, wagers are appended that nobody reads, and event time
///            would go on by the clock: a run would end without the wagers of its time. So the ends
///            are asked for, and time goes on as far as that was answered.
/// Threads    One.
/// Limits     A question a second, all partitions in one; a sixth of the time where answers take
///            long, or do not come.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "client.h"

namespace laurel::adapters::kafka {

struct InputPartition;

class InputEnds {
 public:
  /// `consumer`: of committed records. `mutex`: partitions are changed under it only.
  InputEnds(Client& consumer, std::mutex& mutex) : consumer_(consumer), mutex_(mutex) {}

  /// Asks when it is time to. Those with more than was read are not at their ends any more.
  void round(std::vector<InputPartition>& inputs);
  /// Wall clock, microseconds: those that are said to be at their ends were there then.
  std::int64_t as_of_us() const { return as_of_us_; }

 private:
  Client& consumer_;
  std::mutex& mutex_;
  std::chrono::steady_clock::time_point again_;
  std::int64_t as_of_us_ = 0;
};

}  // namespace laurel::adapters::kafka
