// bench_visible_sink: when wagers of the peers' generator become visible as ledger entries of
// Laurel, to a consumer that reads committed records only. What the peers' own sink does, but for
// the record's time: theirs is the wager's; Laurel's is when the entry was written, so the wager is
// known by its event time (1 ms each) and the pace. FIRST_MS: event time of wager 0. usage:
// bench_visible_sink BROKERS WAGERS_TOPIC RESULTS_TOPIC RATE FIRST_MS SKIP_S SECONDS
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/contract/rfc3339.h"

namespace {

constexpr std::int64_t kStepUs = 1000;  // of event time, from one wager to the next
constexpr std::size_t kBatch = 10'000;
constexpr int kSearchMs = 10'000;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_visible_sink: %s\n", what.c_str());
  std::exit(1);
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

rd_kafka_t* consumer(const std::string& brokers) {
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, std::string>>{{"bootstrap.servers", brokers},
                                                        {"group.id", "visible-sink"},
                                                        {"isolation.level", "read_committed"},
                                                        {"enable.auto.commit", "false"},
                                                        {"fetch.wait.max.ms", "5"},
                                                        {"fetch.min.bytes", "1"},
                                                        {"queued.min.messages", "200000"}}) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
      fail(why);
  }
  rd_kafka_t* out = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (out == nullptr) fail(why);
  rd_kafka_poll_set_consumer(out);
  return out;
}

void assign(rd_kafka_t* client, const std::string& topic, std::int64_t from) {
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  if (rd_kafka_metadata(client, 0, handle, &metadata, kSearchMs) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0) {
    fail("no topic " + topic);
  }
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = from;
  }
  rd_kafka_assign(client, list);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(handle);
}

// When the generator would have sent wager 0: from any one of the topic, which says its number and
// its scheduled time.
std::int64_t begin_us(const std::string& brokers, const std::string& topic, double rate,
                      std::int64_t first_event_us) {
  rd_kafka_t* client = consumer(brokers);
  assign(client, topic, RD_KAFKA_OFFSET_BEGINNING);
  const std::int64_t until = now_us() + kSearchMs * 1000;
  while (now_us() < until) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client, 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const std::string_view value(static_cast<const char*>(message->payload), message->len);
      const auto at = value.find("\"ts\":");
      rd_kafka_timestamp_type_t type{};
      const std::int64_t sent_us = rd_kafka_message_timestamp(message, &type) * 1000;
      std::int64_t time_ms = 0;
      if (at != value.npos) {
        std::from_chars(value.data() + at + 5, value.data() + value.size(), time_ms);
        const auto number = static_cast<double>((time_ms * 1000 - first_event_us) / kStepUs);
        rd_kafka_message_destroy(message);
        rd_kafka_destroy(client);
        return sent_us - static_cast<std::int64_t>(number * 1e6 / rate);
      }
    }
    rd_kafka_message_destroy(message);
  }
  fail("nothing is in " + topic);
}

// -1: the record has none.
std::int64_t event_time_us(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, "ce_time", &bytes, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return -1;
  }
  return laurel::contract::parse_rfc3339({static_cast<const char*>(bytes), size}).value_or(-1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) fail("usage: BROKERS WAGERS_TOPIC RESULTS_TOPIC RATE FIRST_MS SKIP_S SECONDS");
  const std::string brokers = argv[1], wagers = argv[2], results = argv[3];
  const double rate = std::strtod(argv[4], nullptr);
  const std::int64_t first_event_us = std::strtoll(argv[5], nullptr, 10) * 1000;
  const std::int64_t skip_us = std::strtoll(argv[6], nullptr, 10) * 1'000'000;
  const std::int64_t length_us = std::strtoll(argv[7], nullptr, 10) * 1'000'000;
  rd_kafka_t* client = consumer(brokers);
  assign(client, results, RD_KAFKA_OFFSET_END);
  const std::int64_t began = now_us();
  const std::int64_t first = begin_us(brokers, wagers, rate, first_event_us);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  std::vector<rd_kafka_message_t*> batch(kBatch);
  std::vector<double> took_ms;
  while (now_us() - began < skip_us + length_us) {
    // It waits out its timeout unless the batch is full: a floor of 1 ms.
    const ssize_t count = rd_kafka_consume_batch_queue(queue, 1, batch.data(), batch.size());
    const std::int64_t now = now_us();
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = batch[static_cast<std::size_t>(i)];
      const std::int64_t time = message->err != 0 ? -1 : event_time_us(*message);
      if (time >= first_event_us && now - began >= skip_us) {
        const auto number = static_cast<double>((time - first_event_us) / kStepUs);
        const auto sent = first + static_cast<std::int64_t>(number * 1e6 / rate);
        took_ms.push_back(static_cast<double>(now - sent) / 1000);
      }
      rd_kafka_message_destroy(message);
    }
  }
  std::sort(took_ms.begin(), took_ms.end());
  const auto quantile = [&](double q) {
    if (took_ms.empty()) return std::numeric_limits<double>::quiet_NaN();
    return took_ms[std::min(took_ms.size() - 1,
                            static_cast<std::size_t>(q * static_cast<double>(took_ms.size())))];
  };
  std::printf(
      "{\"topic\":\"%s\",\"records\":%zu,\"ms\":{\"p50\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,"
      "\"max\":%.1f}}\n",
      results.c_str(), took_ms.size(), quantile(.5), quantile(.99), quantile(.999), quantile(1));
  std::fflush(stdout);
  std::_Exit(0);
}
