#include "topic_check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>

#include "link.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;

using Config = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using Found = std::map<std::string, std::string>;

// -1 is "without a limit" in every property that is compared like this.
std::int64_t number_of(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return 0;
  return out == -1 ? std::numeric_limits<std::int64_t>::max() : out;
}

bool holds(const DeclaredProperty& wanted, const std::string& found) {
  switch (wanted.check) {
    case Check::kNone:
      return true;
    case Check::kEqual:
      return found == wanted.value;
    case Check::kAtLeast:
      return number_of(found) >= number_of(wanted.value);
  }
  return false;
}

std::string command(const ClientBase& base, const std::string& topic, const std::string& changes) {
  return "kafka-configs.sh --bootstrap-server " + base.options.bootstrap +
         " --alter --entity-type topics --entity-name " + topic + " --add-config " + changes;
}

// A line for each property that differs, and one with the command; empty: none.
std::string differences(const ClientBase& base, const std::string& topic,
                        const std::vector<DeclaredProperty>& properties, const Found& found) {
  std::string out, changes;
  for (const DeclaredProperty& wanted : properties) {
    const auto is = found.find(wanted.name);
    const std::string value = is == found.end() ? "" : is->second;
    if (holds(wanted, value)) continue;
    out += "\n  topic " + topic + ": " + wanted.name + " is " + (value.empty() ? "unset" : value) +
           ", and has to be " + (wanted.check == Check::kAtLeast ? "at least " : "") + wanted.value;
    // A comma within a value would begin another one.
    changes += (changes.empty() ? "" : ",") + wanted.name + "=" + wanted.value;
  }
  if (!out.empty()) out += "\n    " + command(base, topic, changes);
  return out;
}

runtime::Result<std::map<std::string, Found>> describe(Client& client,
                                                       const std::vector<std::string>& names,
                                                       const Deadline& deadline) {
  std::vector<Config> asked;
  std::vector<rd_kafka_ConfigResource_t*> raw;
  for (const std::string& name : names) {
    asked.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
    raw.push_back(asked.back().get());
  }
  std::array<char, 512> why{};
  const Queue answers(rd_kafka_queue_new(client.get()));
  const Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy> options(
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), deadline.left_ms(), why.data(),
                                            why.size());
  rd_kafka_DescribeConfigs(client.get(), raw.data(), raw.size(), options.get(), answers.get());
  const Event event(rd_kafka_queue_poll(answers.get(), deadline.left_ms()));
  constexpr std::string_view kDoing = "reading the settings of its topics";
  if (event == nullptr) return unavailable(kDoing, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unavailable(kDoing, code);
  }
  std::map<std::string, Found> out;
  std::size_t count = 0;
  const auto* const* resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConfigResource_name(resources[i]);
    const auto code = rd_kafka_ConfigResource_error(resources[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return refused_or_away("reading the settings of topic " + name, code,
                             {"DescribeConfigs", "topic", name});
    }
    std::size_t entries = 0;
    const auto* const* entry = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t at = 0; at < entries; ++at) {
      const char* value = rd_kafka_ConfigEntry_value(entry[at]);
      out[name][rd_kafka_ConfigEntry_name(entry[at])] = value == nullptr ? "" : value;
    }
  }
  return out;
}

}  // namespace

Status check_topics(const ClientBase& base, Client& client,
                    const std::vector<DeclaredTopic>& topics, const std::vector<int>& replicas,
                    const Deadline& deadline) {
  std::vector<std::string> names;
  names.reserve(topics.size());
  for (const DeclaredTopic& topic : topics) names.push_back(topic_name(base, topic.name));
  const auto found = ask_until(
      deadline, [&](const Deadline& question) { return describe(client, names, question); });
  if (!found.ok()) return found.error();
  std::string all;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto is = found->find(names[i]);
    all += differences(base, names[i], properties_of(topics[i], replicas[i]),
                       is == found->end() ? Found() : is->second);
  }
  if (all.empty()) return {};
  return Error{ErrorCode::kConfigInvalid,
               "topics of the Laurel cluster " + base.options.cluster +
                   " are not as they have to be; these commands mend it:" + all};
}

}  // namespace laurel::adapters::kafka
