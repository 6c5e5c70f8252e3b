// GET /v1/topics/{name}: output records as CloudEvents, with long polling.
#include <algorithm>
#include <chrono>
#include <memory>

#include <boost/json.hpp>

#include "json_render.h"
#include "laurel/contract/media_type.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/runtime/topics.h"
#include "problem.h"
#include "service.h"
#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;

namespace {

constexpr std::size_t kLimitMax = 1000;
constexpr std::uint64_t kWaitMsMax = 10'000;
constexpr std::chrono::milliseconds kRecheck{50};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<google::protobuf::Message> message_of(std::string_view type) {
  if (type == "laurel.points.posted.v1") return std::make_unique<contract::PointsPosted>();
  if (type == "laurel.balance.changed.v1") return std::make_unique<contract::BalanceChanged>();
  if (type == "laurel.event.rejected.v1") return std::make_unique<contract::DeadLetter>();
  if (type == "laurel.tier.changed.v1") return std::make_unique<contract::TierChanged>();
  if (type == "laurel.audit.v1") return std::make_unique<contract::AuditRecord>();
  if (type == "laurel.board.changed.v1") return std::make_unique<contract::BoardChanged>();
  if (type == "laurel.tournament.state.v1") {
    return std::make_unique<contract::TournamentChanged>();
  }
  return nullptr;
}

json::object cloud_event(const std::string& topic, runtime::PartitionId partition,
                         const runtime::TopicRecord& record) {
  json::object out;
  out["specversion"] = "1.0";
  out["id"] = topic + "/" + std::to_string(partition) + "/" + std::to_string(record.offset);
  out["source"] = "urn:laurel:node";
  out["type"] = to_utf8(record.record.type);
  if (!record.record.key.empty()) out["subject"] = to_utf8(record.record.key);
  if (auto time = rfc3339(record.record.time_us)) out["time"] = *time;
  const auto message = message_of(record.record.type);
  if (message && message->ParseFromString(record.record.value)) {
    out["datacontenttype"] = "application/json";
    out["data"] = render(*message);
  } else {
    out["datacontenttype"] = contract::kProtobuf;
    out["data_base64"] = base64(record.record.value);
  }
  return out;
}

/// The number that parameter `name` has; `number` is left as it is when it is not given.
bool number_of(const Target& target, std::string_view name, std::uint64_t max,
               std::uint64_t& number, std::string& error) {
  const auto found = target.query.find(name);
  if (found == target.query.end()) return true;
  const auto value = parse_u64(found->second);
  if (!value || *value > max) {
    error = std::string(name) + " is \"" + found->second + "\"; expected is a number up to " +
            std::to_string(max);
    return false;
  }
  number = *value;
  return true;
}

}  // namespace

void Service::topic(const Target& target, const Respond& respond) {
  TopicRequest request;
  request.topic = target.segments[2];
  const auto known = std::find(runtime::kTopics.begin(), runtime::kTopics.end(), request.topic);
  if (known == runtime::kTopics.end()) {
    std::string names;
    for (const auto name : runtime::kTopics)
      names += (names.empty() ? "" : ", ") + std::string(name);
    respond(not_found("there is no topic \"" + request.topic + "\"; there are " + names));
    return;
  }
  std::string error;
  std::uint64_t partition = 0;
  std::uint64_t limit = request.limit;
  std::uint64_t wait_ms = 0;
  const std::uint64_t partitions = node_.engine().partitions();
  if (!number_of(target, "partition", partitions == 0 ? 0 : partitions - 1, partition, error) ||
      !number_of(target, "limit", kLimitMax, limit, error) ||
      !number_of(target, "wait_ms", kWaitMsMax, wait_ms, error)) {
    respond(bad_request(error));
    return;
  }
  request.partition = static_cast<runtime::PartitionId>(partition);
  request.limit = std::max<std::size_t>(1, static_cast<std::size_t>(limit));
  request.until_ms = now_ms() + static_cast<std::int64_t>(wait_ms);
  const auto bounds = node_.engine().topic_bounds(request.topic, request.partition);
  if (!bounds) {
    respond(problem(bounds.error()));
    return;
  }
  request.from = bounds->first;
  if (const auto from = target.query.find("from"); from != target.query.end()) {
    const auto number = parse_u64(from->second);
    if (number) {
      request.from = std::max(*number, bounds->first);
    } else if (from->second == "end") {
      request.from = bounds->second;
    } else if (from->second != "beginning") {
      respond(
          bad_request("from is \"" + from->second + "\"; expected is an offset, beginning or end"));
      return;
    }
  }
  poll_topic(request, respond);
}

void Service::poll_topic(const TopicRequest& request, const Respond& respond) {
  const auto records =
      node_.engine().read_topic(request.topic, request.partition, request.from, request.limit);
  if (!records) {
    respond(problem(records.error()));
    return;
  }
  if (records->empty() && now_ms() < request.until_ms && !stopping_.load()) {
    scheduler_.after(kRecheck, [this, request, respond] { poll_topic(request, respond); });
    return;
  }
  const auto bounds = node_.engine().topic_bounds(request.topic, request.partition);
  if (!bounds) {
    respond(problem(bounds.error()));
    return;
  }
  json::array events;
  std::uint64_t next = request.from;
  for (const auto& record : *records) {
    events.push_back(cloud_event(request.topic, request.partition, record));
    next = record.offset + 1;
  }
  const json::object body{{"topic", request.topic},
                          {"partition", request.partition},
                          {"partitions", node_.engine().partitions()},
                          {"events", std::move(events)},
                          {"next", std::to_string(next)},
                          {"begin", std::to_string(bounds->first)},
                          {"end", std::to_string(bounds->second)}};
  respond(Reply{200, "application/json", json::serialize(body), {}, {}});
}

}  // namespace laurel::gateway::internal
