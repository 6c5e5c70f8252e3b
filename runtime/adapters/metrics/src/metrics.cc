#include "laurel/adapters/metrics/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace laurel::adapters {
namespace {

prometheus::ClientMetric convert(const Sample& sample, MetricKind kind) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  switch (kind) {
    case MetricKind::kCounter:
      metric.counter.value = sample.value;
      break;
    case MetricKind::kGauge:
      metric.gauge.value = sample.value;
      break;
    case MetricKind::kHistogram:
      metric.histogram.sample_count = sample.count;
      metric.histogram.sample_sum = sample.sum;
      for (const auto& [bound, count] : sample.buckets) {
        prometheus::ClientMetric::Bucket bucket;
        bucket.cumulative_count = count;
        bucket.upper_bound = bound;
        metric.histogram.bucket.push_back(bucket);
      }
      prometheus::ClientMetric::Bucket rest;
      rest.cumulative_count = sample.count;
      rest.upper_bound = std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back(rest);
      break;
  }
  return metric;
}

prometheus::MetricType convert(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

std::string prometheus_text(const std::vector<MetricFamily>& families) {
  std::vector<prometheus::MetricFamily> out;
  for (const MetricFamily& family : families) {
    prometheus::MetricFamily converted;
    converted.name = family.name;
    converted.help = family.help;
    converted.type = convert(family.kind);
    for (const Sample& sample : family.samples) {
      converted.metric.push_back(convert(sample, family.kind));
    }
    out.push_back(std::move(converted));
  }
  return prometheus::TextSerializer().Serialize(out);
}

}  // namespace laurel::adapters
