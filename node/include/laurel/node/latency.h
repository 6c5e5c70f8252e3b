/// LatencyRecorder: how long events took from received to durable. Lock-free, bounded.
///
/// View       Since start (buckets for Prometheus) and over the last 5 to 10 seconds (quantiles).
/// Threads    record(): any thread. Others: any thread, an approximate picture.
/// Limits     Quantiles are within 7 % (16 steps per doubling).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace laurel::node {

class LatencyRecorder {
 public:
  void record(std::int64_t now_us, std::int64_t took_us, std::uint64_t events);
  /// Milliseconds; 0 when nothing was recorded lately. q in (0, 1).
  double recent_ms(double q) const;

  struct Histogram {
    std::vector<std::pair<double, std::uint64_t>> buckets;  ///< seconds, cumulative
    double sum_s = 0;
    std::uint64_t count = 0;
  };
  Histogram since_start() const;

 private:
  static constexpr std::size_t kSteps = 16;
  static constexpr std::size_t kBuckets = kSteps * 40;
  static std::size_t bucket_of(std::int64_t us);
  static double upper_us(std::size_t bucket);

  using Counts = std::array<std::atomic<std::uint64_t>, kBuckets>;
  Counts total_{};
  std::array<Counts, 2> recent_{};
  std::atomic<std::int64_t> window_{0};
  std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace laurel::node
