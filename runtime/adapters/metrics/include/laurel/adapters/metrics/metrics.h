/// Metrics text: samples in, Prometheus exposition format out.
///
/// Why        The logic counts in plain structs; this room only renders them, when somebody asks.
/// Threads    Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace laurel::adapters {

enum class MetricKind { kCounter, kGauge, kHistogram };

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  /// Histograms: (upper bound, cumulative count), ascending; the sum in seconds or units.
  std::vector<std::pair<double, std::uint64_t>> buckets;
  double sum = 0;
  std::uint64_t count = 0;
};

struct MetricFamily {
  std::string name;  ///< laurel_..., ends with _total for counters, with the unit otherwise
  std::string help;
  MetricKind kind = MetricKind::kGauge;
  std::vector<Sample> samples;
};

std::string prometheus_text(const std::vector<MetricFamily>& families);

}  // namespace laurel::adapters
