#include "topics.h"

#include <algorithm>
#include <array>
#include <thread>

#include "laurel/runtime/topics.h"
#include "link.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

constexpr std::int16_t kReplicas = 3;
constexpr const char* kMessageBytesMax = "2097152";
constexpr const char* kForEver = "-1";
constexpr const char* kTwoDays = "172800000";
constexpr const char* kSevenDays = "604800000";
constexpr Milliseconds kAskAgain{20};

struct Metadata {
  const struct rd_kafka_metadata* data = nullptr;
  ~Metadata() {
    if (data != nullptr) rd_kafka_metadata_destroy(data);
  }
};

runtime::Result<std::int16_t> replicas_of(const ClientBase& base, Client& client,
                                          const Deadline& deadline) {
  if (base.options.replicas > 0) return base.options.replicas;
  Metadata metadata;
  const auto code = rd_kafka_metadata(client.get(), 0, nullptr, &metadata.data, deadline.left_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return unavailable("looking for its brokers", code);
  return static_cast<std::int16_t>(std::min<int>(kReplicas, metadata.data->broker_cnt));
}

Status create(const ClientBase& base, Client& client, const DeclaredTopic& topic, int partitions,
              std::int16_t replicas, const Deadline& deadline) {
  std::array<char, 512> why{};
  const std::string name = topic_name(base, topic.name);
  Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> fresh(
      rd_kafka_NewTopic_new(name.c_str(), partitions, replicas, why.data(), why.size()));
  if (fresh == nullptr)
    return Error{ErrorCode::kConfigInvalid, "topic " + name + ": " + why.data()};
  Settings properties = topic.properties;
  properties.emplace_back("max.message.bytes", kMessageBytesMax);
  if (replicas > 1) properties.emplace_back("min.insync.replicas", std::to_string(replicas - 1));
  for (const auto& [key, value] : properties) {
    static_cast<void>(rd_kafka_NewTopic_set_config(fresh.get(), key.c_str(), value.c_str()));
  }
  const Queue answers(rd_kafka_queue_new(client.get()));
  Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy> options(
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), deadline.left_ms(), why.data(),
                                            why.size());
  rd_kafka_NewTopic_t* wanted = fresh.get();
  rd_kafka_CreateTopics(client.get(), &wanted, 1, options.get(), answers.get());
  const Event event(rd_kafka_queue_poll(answers.get(), deadline.left_ms()));
  if (event == nullptr) return unavailable("making topic " + name, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unavailable("making topic " + name, code);
  }
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto* const* topics = rd_kafka_CreateTopics_result_topics(result, &count);
  const auto code = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__FAIL;
  // Another node was quicker.
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    return {};
  }
  if (lacks_right(code)) {
    return refused_or_away("making topic " + name, code, {"Create", "topic", name});
  }
  const char* text = count == 1 ? rd_kafka_topic_result_error_string(topics[0]) : nullptr;
  return Error{ErrorCode::kConfigInvalid,
               "topic " + name + " cannot be made: " + (text != nullptr ? text : text_of(code))};
}

}  // namespace

std::vector<DeclaredTopic> declared_topics() {
  // A snapshot older than the first is a commit only at the end of a replay; one older than the
  // second would miss deletions.
  const Settings compacted = {{"cleanup.policy", "compact"},
                              {"min.compaction.lag.ms", kTwoDays},
                              {"delete.retention.ms", kSevenDays}};
  const Settings kept = {
      {"cleanup.policy", "delete"}, {"retention.ms", kForEver}, {"retention.bytes", kForEver}};
  std::vector<DeclaredTopic> out = {{std::string(kChangelogTopic), true, compacted},
                                    {std::string(kInboxTopic), true, kept},
                                    {std::string(kCatalogTopic), false, kept}};
  for (const std::string_view topic : runtime::kTopics) {
    out.push_back({std::string(topic), true, {{"cleanup.policy", "delete"}}});
  }
  return out;
}

DeclaredTopic control_topic() {
  return {
      std::string(kControlTopic),
      false,
      {{"cleanup.policy", "delete"}, {"retention.ms", kForEver}, {"retention.bytes", kForEver}}};
}

std::string topic_name(const ClientBase& base, std::string_view name) {
  return base.options.cluster + "." + std::string(name);
}

runtime::Result<int> partitions_of(Client& client, const std::string& topic,
                                   const Deadline& deadline) {
  const TopicHandle handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  for (;;) {
    Metadata metadata;
    const auto code =
        rd_kafka_metadata(client.get(), 0, handle.get(), &metadata.data, deadline.left_ms());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return unavailable("looking for topic " + topic, code);
    if (metadata.data->topic_cnt != 1) return 0;
    const rd_kafka_metadata_topic& found = metadata.data->topics[0];
    if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    if (lacks_right(found.err)) {
      return refused_or_away("looking for topic " + topic, found.err, {"Read", "topic", topic});
    }
    const bool led =
        std::all_of(found.partitions, found.partitions + found.partition_cnt,
                    [](const rd_kafka_metadata_partition& each) { return each.leader >= 0; });
    if (found.err == RD_KAFKA_RESP_ERR_NO_ERROR && led) return found.partition_cnt;
    if (deadline.passed()) return unavailable("looking for topic " + topic, found.err);
    std::this_thread::sleep_for(kAskAgain);
  }
}

Status make_topics(const ClientBase& base, Client& client, const std::vector<DeclaredTopic>& topics,
                   std::uint16_t partitions, const Deadline& deadline) {
  std::int16_t replicas = 0;
  for (const DeclaredTopic& topic : topics) {
    const std::string name = topic_name(base, topic.name);
    const int wanted = topic.per_partition ? partitions : 1;
    auto count = partitions_of(client, name, deadline);
    if (!count.ok()) return count.error();
    if (*count == 0 && !base.options.create) {
      return Error{ErrorCode::kNotFound,
                   "Kafka has no topic " + name + ": no Laurel cluster of that name was made here"};
    }
    if (*count == 0) {
      if (replicas == 0) {
        auto found = replicas_of(base, client, deadline);
        if (!found.ok()) return found.error();
        replicas = *found;
      }
      if (Status status = create(base, client, topic, wanted, replicas, deadline); !status.ok()) {
        return status;
      }
      while (*count == 0) {
        if (deadline.passed()) {
          return unavailable("making topic " + name, RD_KAFKA_RESP_ERR__TIMED_OUT);
        }
        count = partitions_of(client, name, deadline);
        if (!count.ok()) return count.error();
        if (*count == 0) std::this_thread::sleep_for(kAskAgain);
      }
    }
    if (*count != wanted) {
      return Error{ErrorCode::kConfigInvalid, "topic " + name + " has " + std::to_string(*count) +
                                                  " partitions, and has to have " +
                                                  std::to_string(wanted)};
    }
  }
  return {};
}

}  // namespace laurel::adapters::kafka
