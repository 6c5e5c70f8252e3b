#include "node_metrics.h"

#include <limits>

#include "laurel/adapters/metrics/metrics.h"

namespace laurel::node {
namespace {

using adapters::MetricFamily;
using adapters::MetricKind;
using adapters::Sample;

template <class Number>
MetricFamily one(std::string name, std::string help, MetricKind kind, Number value) {
  return {
      std::move(name), std::move(help), kind, {Sample{{}, static_cast<double>(value), {}, 0, 0}}};
}

Sample labelled(std::string label, std::string name, std::uint64_t value) {
  return {{{std::move(label), std::move(name)}}, static_cast<double>(value), {}, 0, 0};
}

double seconds(std::uint64_t us) { return static_cast<double>(us) / 1e6; }

void add_kafka(const adapters::KafkaStats& kafka, std::size_t troubles,
               std::vector<MetricFamily>& out) {
  out.push_back(one("laurel_kafka_transactions_total", "Transactions committed.",
                    MetricKind::kCounter, kafka.transactions));
  out.push_back(one("laurel_kafka_transactions_failed_total", "Transactions that ended otherwise.",
                    MetricKind::kCounter, kafka.failed));
  out.push_back(one("laurel_kafka_fenced_total",
                    "Of them, those that met another owner or a broker that gave them up.",
                    MetricKind::kCounter, kafka.fenced));
  out.push_back(one("laurel_kafka_producers_total",
                    "Producers made: one a partition, and one more "
                    "for each take-over.",
                    MetricKind::kCounter, kafka.producers));
  out.push_back(one("laurel_kafka_records_total", "Records in committed transactions.",
                    MetricKind::kCounter, kafka.records));
  out.push_back(one("laurel_kafka_bytes_total", "Bytes of their keys and values.",
                    MetricKind::kCounter, kafka.bytes));
  out.push_back(one("laurel_kafka_troubles", "What /v1/status shows under `troubles`.",
                    MetricKind::kGauge, troubles));
  out.push_back(one("laurel_kafka_replayed_total", "Records of changelogs read by take-overs.",
                    MetricKind::kCounter, kafka.replayed));
  out.push_back(one("laurel_kafka_replayed_rows_total", "Rows in them.", MetricKind::kCounter,
                    kafka.replayed_rows));
  MetricFamily phases{"laurel_kafka_commit_seconds_total",
                      "Time in the phases of commits.",
                      MetricKind::kCounter,
                      {}};
  for (const auto& [phase, us] :
       {std::pair("produce", kafka.produce_us), std::pair("end", kafka.end_us),
        std::pair("store", kafka.store_us)}) {
    phases.samples.push_back({{{"phase", phase}}, seconds(us), {}, 0, 0});
  }
  out.push_back(std::move(phases));
}

Sample sample_of(const LatencyRecorder::Histogram& latency) {
  Sample out;
  out.buckets = latency.buckets;
  out.sum = latency.sum_s;
  out.count = latency.count;
  return out;
}

void add_inputs(const std::vector<runtime::InputStatus>& inputs,
                const LatencyRecorder::Histogram& latency, std::vector<MetricFamily>& out) {
  if (inputs.empty()) return;
  MetricFamily lag{"laurel_input_lag_records",
                   "Records of an input topic that were not read.",
                   MetricKind::kGauge,
                   {}};
  MetricFamily halted{"laurel_input_halted",
                      "1: it is not read, because it is not the topic that was read before.",
                      MetricKind::kGauge,
                      {}};
  for (const auto& input : inputs) {
    const std::vector<std::pair<std::string, std::string>> labels = {
        {"topic", input.topic}, {"partition", std::to_string(input.partition)}};
    lag.samples.push_back({labels, static_cast<double>(input.end - input.next), {}, 0, 0});
    halted.samples.push_back({labels, input.halted ? 1.0 : 0.0, {}, 0, 0});
  }
  out.push_back(std::move(lag));
  out.push_back(std::move(halted));
  out.push_back({"laurel_input_committed_seconds",
                 "From a record's time in its input topic to durable; an hour at most.",
                 MetricKind::kHistogram,
                 {sample_of(latency)}});
}

void add_embedded(const adapters::EmbeddedStats& store, std::vector<MetricFamily>& out) {
  out.push_back(one("laurel_commit_groups_total", "Batches written with one fsync each.",
                    MetricKind::kCounter, store.groups));
  out.push_back(one("laurel_commit_rows_total", "Rows written.", MetricKind::kCounter, store.rows));
  out.push_back(one("laurel_commit_bytes_total", "Bytes of the written batches.",
                    MetricKind::kCounter, store.bytes));
  out.push_back(one("laurel_commit_write_seconds_total", "Time in writes with fsync.",
                    MetricKind::kCounter, static_cast<double>(store.write_us) / 1e6));
}

void add_totals(const adapters::HostTotals& totals, std::vector<MetricFamily>& out) {
  out.push_back(one("laurel_turns_total", "Turns run.", MetricKind::kCounter, totals.turns));
  if (totals.watermark > 0 && totals.watermark < std::numeric_limits<TimeUs>::max()) {
    out.push_back(one("laurel_event_time_seconds",
                      "Everything dated before it is handled and durable, as Unix time.",
                      MetricKind::kGauge, static_cast<double>(totals.watermark) / 1e6));
  }
  out.push_back({"laurel_events_total",
                 "Events by what became of them.",
                 MetricKind::kCounter,
                 {labelled("status", "accepted", totals.accepted),
                  labelled("status", "duplicate", totals.duplicates),
                  labelled("status", "conflict", totals.conflicts),
                  labelled("status", "rejected", totals.rejected)}});
  MetricFamily letters{"laurel_dead_letters_total",
                       "Records refused, by reason (docs/guide/dead-letters.md).",
                       MetricKind::kCounter,
                       {}};
  for (const auto& [reason, count] : totals.dead_letters) {
    letters.samples.push_back(labelled("reason", reason, count));
  }
  out.push_back(std::move(letters));
  out.push_back(
      one("laurel_commits_total", "Commits made durable.", MetricKind::kCounter, totals.commits));
  out.push_back(one("laurel_commits_aborted_total", "Commits that ran again.", MetricKind::kCounter,
                    totals.aborts));
  out.push_back(one("laurel_lag_events", "Events handed in and not durable.", MetricKind::kGauge,
                    totals.events_in_flight));
  out.push_back(one("laurel_activations_made_total", "Actors brought into memory.",
                    MetricKind::kCounter, totals.activations_made));
  out.push_back(one("laurel_passivations_total", "Actors that left memory.", MetricKind::kCounter,
                    totals.passivations));
}

// What partitions hold, and what memory all of it takes.
struct Held {
  std::uint64_t activations = 0, activation_bytes = 0, board_bytes = 0;
};

Held add_partitions(const std::vector<runtime::PartitionStatus>& partitions,
                    std::vector<MetricFamily>& out) {
  Held held;
  MetricFamily lag{
      "laurel_partition_lag_events", "Events a partition holds.", MetricKind::kGauge, {}};
  for (const auto& partition : partitions) {
    held.activations += partition.activations;
    held.activation_bytes += partition.activation_bytes;
    held.board_bytes += partition.board_bytes;
    lag.samples.push_back(
        labelled("partition", std::to_string(partition.partition), partition.queued_events));
  }
  out.push_back(std::move(lag));
  out.push_back(
      one("laurel_activations", "Actors in memory.", MetricKind::kGauge, held.activations));
  return held;
}

void add_memory(const Figures& figures, const Held& held, std::vector<MetricFamily>& out) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  std::uint64_t cache_bytes = 0, memtables_bytes = 0;
  const auto of_store = [&](const auto& store) {
    if (!store) return;
    cache_bytes = store->cache_bytes;
    memtables_bytes = store->memtables_bytes;
  };
  of_store(figures.engine.embedded);
  of_store(figures.engine.kafka);
  out.push_back(
      {"laurel_memory_bytes",
       "Memory in use, by budget.",
       MetricKind::kGauge,
       {labelled("budget", "activations", held.activation_bytes),
        labelled("budget", "boards", held.board_bytes), labelled("budget", "cache", cache_bytes),
        labelled("budget", "memtables", memtables_bytes),
        labelled("budget", "ingest", figures.totals.bytes_in_flight)}});
  const auto& budget = figures.options.memory;
  out.push_back({"laurel_memory_budget_bytes",
                 "Memory allowed, by budget.",
                 MetricKind::kGauge,
                 {labelled("budget", "activations", budget.activations_mb * kMiB),
                  labelled("budget", "boards", budget.boards_mb * kMiB),
                  labelled("budget", "cache", budget.cache_mb * kMiB),
                  labelled("budget", "ingest", budget.ingest_mb * kMiB)}});
}

}  // namespace

std::string render_metrics(const Figures& figures) {
  std::vector<MetricFamily> out;
  add_totals(figures.totals, out);
  if (figures.engine.embedded) add_embedded(*figures.engine.embedded, out);
  if (figures.engine.kafka) {
    add_kafka(*figures.engine.kafka, figures.status.troubles.size(), out);
  }
  add_inputs(figures.inputs, figures.input_latency, out);
  add_memory(figures, add_partitions(figures.status.partitions, out), out);
  out.push_back({"laurel_wager_committed_seconds",
                 "From received to durable.",
                 MetricKind::kHistogram,
                 {sample_of(figures.latency)}});
  return adapters::prometheus_text(out);
}

}  // namespace laurel::node
