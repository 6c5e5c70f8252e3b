#include "laurel/node/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace laurel::node {
namespace {
constexpr std::int64_t kWindowUs = 5'000'000;
}

std::size_t LatencyRecorder::bucket_of(std::int64_t us) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
  if (value < kSteps) return value;
  const auto exponent = static_cast<std::size_t>(std::bit_width(value)) - 5;  // of 16 steps
  const std::size_t bucket = (exponent + 1) * kSteps + ((value >> exponent) - kSteps);
  return std::min(bucket, kBuckets - 1);
}

double LatencyRecorder::upper_us(std::size_t bucket) {
  if (bucket < kSteps) return static_cast<double>(bucket + 1);
  const std::size_t exponent = bucket / kSteps - 1;
  return std::ldexp(static_cast<double>(kSteps + bucket % kSteps + 1), static_cast<int>(exponent));
}

void LatencyRecorder::record(std::int64_t now_us, std::int64_t took_us, std::uint64_t events) {
  const std::size_t bucket = bucket_of(took_us);
  total_[bucket].fetch_add(events, std::memory_order_relaxed);
  sum_us_.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(took_us, 0)) * events,
                    std::memory_order_relaxed);
  const std::int64_t window = now_us / kWindowUs;
  std::int64_t seen = window_.load();
  Counts& current = recent_[static_cast<std::size_t>(window) & 1];
  if (seen < window && window_.compare_exchange_strong(seen, window)) {
    for (auto& count : current) count.store(0, std::memory_order_relaxed);
  }
  current[bucket].fetch_add(events, std::memory_order_relaxed);
}

double LatencyRecorder::recent_ms(double q) const {
  std::uint64_t all = 0;
  for (const auto& window : recent_) {
    for (const auto& count : window) all += count.load(std::memory_order_relaxed);
  }
  if (all == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += recent_[0][bucket].load(std::memory_order_relaxed) +
            recent_[1][bucket].load(std::memory_order_relaxed);
    if (seen >= wanted) return upper_us(bucket) / 1000.0;
  }
  return upper_us(kBuckets - 1) / 1000.0;
}

LatencyRecorder::Histogram LatencyRecorder::since_start() const {
  constexpr std::array<double, 14> kBoundsMs = {0.5, 1,   2,   4,   8,    15,   25,
                                                50,  100, 250, 500, 1000, 5000, 30000};
  Histogram out;
  std::size_t bucket = 0;
  std::uint64_t seen = 0;
  for (const double bound : kBoundsMs) {
    for (; bucket < kBuckets && upper_us(bucket) <= bound * 1000; ++bucket) {
      seen += total_[bucket].load(std::memory_order_relaxed);
    }
    out.buckets.emplace_back(bound / 1000, seen);
  }
  for (; bucket < kBuckets; ++bucket) seen += total_[bucket].load(std::memory_order_relaxed);
  out.count = seen;
  out.sum_s = static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / 1e6;
  return out;
}

}  // namespace laurel::node
