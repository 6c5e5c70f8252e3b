#include "topics.h"

#include <algorithm>
#include <array>
#include <thread>

#include "laurel/runtime/topics.h"
#include "link.h"
#include "topic_check.h"

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
constexpr const char* kInboxSegmentBytes = "67108864";
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

using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;

/// A topic that is not there yet.
struct Missing {
  const DeclaredTopic& topic;
  std::string name;
  int partitions = 0;
};

runtime::Result<NewTopic> declared(const Missing& missing, std::int16_t replicas) {
  std::array<char, 512> why{};
  NewTopic fresh(rd_kafka_NewTopic_new(missing.name.c_str(), missing.partitions, replicas,
                                       why.data(), why.size()));
  if (fresh == nullptr) {
    return Error{ErrorCode::kConfigInvalid, "topic " + missing.name + ": " + why.data()};
  }
  for (const DeclaredProperty& each : properties_of(missing.topic, replicas)) {
    static_cast<void>(
        rd_kafka_NewTopic_set_config(fresh.get(), each.name.c_str(), each.value.c_str()));
  }
  return fresh;
}

Status check_made(const rd_kafka_topic_result_t* result) {
  const std::string name = rd_kafka_topic_result_name(result);
  const auto code = rd_kafka_topic_result_error(result);
  // Another node was quicker.
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    return {};
  }
  if (lacks_right(code)) {
    return refused_or_away("making topic " + name, code, {"Create", "topic", name});
  }
  if (code == RD_KAFKA_RESP_ERR_NOT_CONTROLLER || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT) {
    return unavailable("making topic " + name, code);
  }
  const char* text = rd_kafka_topic_result_error_string(result);
  return Error{ErrorCode::kConfigInvalid,
               "topic " + name + " cannot be made: " + (text != nullptr ? text : text_of(code))};
}

Error differs(const std::string& name, int partitions, int wanted) {
  return {ErrorCode::kConfigInvalid, "topic " + name + " has " + std::to_string(partitions) +
                                         " partitions, and has to have " + std::to_string(wanted)};
}

// In one request: a broker takes some 30 ms for each.
Status create(Client& client, const std::vector<Missing>& missing, std::int16_t replicas,
              const Deadline& deadline) {
  std::vector<NewTopic> fresh;
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const Missing& each : missing) {
    auto topic = declared(each, replicas);
    if (!topic.ok()) return topic.error();
    wanted.push_back(topic->get());
    fresh.push_back(std::move(*topic));
  }
  std::array<char, 512> why{};
  const Queue answers(rd_kafka_queue_new(client.get()));
  Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy> options(
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), deadline.left_ms(), why.data(),
                                            why.size());
  rd_kafka_CreateTopics(client.get(), wanted.data(), wanted.size(), options.get(), answers.get());
  const Event event(rd_kafka_queue_poll(answers.get(), deadline.left_ms()));
  const std::string doing =
      "making topic " + missing.front().name + (missing.size() == 1 ? "" : " and others");
  if (event == nullptr) return unavailable(doing, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unavailable(doing, code);
  }
  std::size_t count = 0;
  const auto* const* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (Status made = check_made(results[i]); !made.ok()) return made;
  }
  return {};
}

// A topic that was made is not known to every broker at once.
runtime::Result<TopicShape> made_shape(Client& client, const std::string& name,
                                       const Deadline& deadline) {
  for (;;) {
    auto shape = shape_of(client, name, deadline);
    if (!shape.ok() || shape->partitions != 0) return shape;
    if (deadline.passed()) {
      return unavailable("making topic " + name, RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
    std::this_thread::sleep_for(kAskAgain);
  }
}

std::vector<DeclaredProperty> kept_for_ever() {
  return {{"cleanup.policy", "delete", Check::kEqual},
          {"retention.ms", kForEver, Check::kAtLeast},
          {"retention.bytes", kForEver, Check::kAtLeast}};
}

}  // namespace

std::vector<DeclaredProperty> properties_of(const DeclaredTopic& topic, int replicas) {
  std::vector<DeclaredProperty> out = topic.properties;
  out.push_back({"max.message.bytes", kMessageBytesMax, Check::kAtLeast});
  // A leader that has not seen what was acknowledged would take it back.
  out.push_back({"unclean.leader.election.enable", "false", Check::kEqual});
  out.push_back(
      {"min.insync.replicas", std::to_string(std::max(replicas - 1, 1)), Check::kAtLeast});
  return out;
}

std::vector<DeclaredTopic> declared_topics() {
  // A snapshot older than the first is a commit only at the end of a replay; one older than the
  // second would miss deletions.
  const std::vector<DeclaredProperty> compacted = {
      {"cleanup.policy", "compact", Check::kEqual},
      {"min.compaction.lag.ms", kTwoDays, Check::kAtLeast},
      {"delete.retention.ms", kSevenDays, Check::kAtLeast}};
  // What is deleted leaves the disk by whole segments, and a broker's have 1 GiB.
  std::vector<DeclaredProperty> inbox = kept_for_ever();
  inbox.push_back({"segment.bytes", kInboxSegmentBytes, Check::kNone});
  std::vector<DeclaredTopic> out = {{std::string(kChangelogTopic), true, compacted},
                                    {std::string(kInboxTopic), true, inbox},
                                    {std::string(kCatalogTopic), false, kept_for_ever()}};
  for (const std::string_view topic : runtime::kTopics) {
    out.push_back({std::string(topic), true, {{"cleanup.policy", "delete", Check::kNone}}});
  }
  return out;
}

DeclaredTopic control_topic() { return {std::string(kControlTopic), false, kept_for_ever()}; }

std::string topic_name(const ClientBase& base, std::string_view name) {
  return base.options.cluster + "." + std::string(name);
}

runtime::Result<TopicShape> shape_of(Client& client, const std::string& topic,
                                     const Deadline& deadline) {
  const TopicHandle handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  for (;;) {
    Metadata metadata;
    const auto code =
        rd_kafka_metadata(client.get(), 0, handle.get(), &metadata.data, deadline.left_ms());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return unavailable("looking for topic " + topic, code);
    if (metadata.data->topic_cnt != 1) return TopicShape();
    const rd_kafka_metadata_topic& found = metadata.data->topics[0];
    if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return TopicShape();
    if (lacks_right(found.err)) {
      return refused_or_away("looking for topic " + topic, found.err, {"Read", "topic", topic});
    }
    const auto* const first = found.partitions;
    const auto* const end = first + found.partition_cnt;
    const bool led = std::all_of(
        first, end, [](const rd_kafka_metadata_partition& each) { return each.leader >= 0; });
    if (found.err == RD_KAFKA_RESP_ERR_NO_ERROR && led && found.partition_cnt > 0) {
      const auto* fewest = std::min_element(
          first, end, [](const auto& a, const auto& b) { return a.replica_cnt < b.replica_cnt; });
      return TopicShape{found.partition_cnt, fewest->replica_cnt};
    }
    if (deadline.passed()) return unavailable("looking for topic " + topic, found.err);
    std::this_thread::sleep_for(kAskAgain);
  }
}

Status make_topics(const ClientBase& base, Client& client, const std::vector<DeclaredTopic>& topics,
                   std::uint16_t partitions, const Deadline& deadline) {
  std::vector<TopicShape> shapes;
  std::vector<Missing> missing;
  for (const DeclaredTopic& topic : topics) {
    const std::string name = topic_name(base, topic.name);
    const auto shape = shape_of(client, name, deadline);
    if (!shape.ok()) return shape.error();
    const int wanted = topic.partitions(partitions);
    if (shape->partitions == 0) {
      missing.push_back({topic, name, wanted});
    } else if (shape->partitions != wanted) {  // before any is made: they may be somebody else's
      return differs(name, shape->partitions, wanted);
    }
    shapes.push_back(*shape);
  }
  if (!missing.empty()) {
    if (!base.options.create) {
      return Error{ErrorCode::kNotFound, "Kafka has no topic " + missing.front().name +
                                             ": no Laurel cluster of that name was made here"};
    }
    const auto replicas = replicas_of(base, client, deadline);
    if (!replicas.ok()) return replicas.error();
    const Status made = ask_until(deadline, [&](const Deadline& question) {
      return create(client, missing, *replicas, question);
    });
    if (!made.ok()) return made;
  }
  std::vector<int> copies;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const std::string name = topic_name(base, topics[i].name);
    if (shapes[i].partitions == 0) {
      auto shape = made_shape(client, name, deadline);
      if (!shape.ok()) return shape.error();
      shapes[i] = *shape;
    }
    const int wanted = topics[i].partitions(partitions);
    if (shapes[i].partitions != wanted) return differs(name, shapes[i].partitions, wanted);
    copies.push_back(shapes[i].replicas);
  }
  return check_topics(base, client, topics, copies, deadline);
}

}  // namespace laurel::adapters::kafka
