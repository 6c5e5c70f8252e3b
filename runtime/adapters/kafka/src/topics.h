/// The topics of a Laurel cluster: what they are called, and what they have to be like.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"

namespace laurel::adapters::kafka {

/// What only Laurel reads and writes.
inline constexpr std::string_view kControlTopic = "control";
inline constexpr std::string_view kChangelogTopic = "changelog";
inline constexpr std::string_view kInboxTopic = "inbox";
inline constexpr std::string_view kCatalogTopic = "catalog";

/// How a property of a topic that exists is compared with the declared one.
enum class Check : std::uint8_t {
  kNone,     ///< it is the operator's: set when the topic is made, and left alone
  kEqual,    ///< anything else loses data
  kAtLeast,  ///< a number; -1 is without a limit
};
struct DeclaredProperty {
  std::string name, value;
  Check check = Check::kEqual;
};
/// A topic as it has to be.
struct DeclaredTopic {
  std::string name;           ///< without the cluster's
  bool per_partition = true;  ///< as many partitions as the cluster; else one
  std::vector<DeclaredProperty> properties;
  /// How many it has, of a cluster with so many.
  int partitions(std::uint16_t of_cluster) const { return per_partition ? of_cluster : 1; }
};
/// With what every topic has to have, and what depends on the copies of its partitions.
std::vector<DeclaredProperty> properties_of(const DeclaredTopic& topic, int replicas);
/// All but `control`.
std::vector<DeclaredTopic> declared_topics();
DeclaredTopic control_topic();

std::string topic_name(const ClientBase& base, std::string_view name);

struct TopicShape {
  int partitions = 0;  ///< 0: there is no such topic
  int replicas = 0;    ///< of the partition that has the fewest
};
/// Errors: kUnavailable.
runtime::Result<TopicShape> shape_of(Client& client, const std::string& topic,
                                     const Deadline& deadline);
/// Makes those that are missing, when `create`, and waits until they can be written. What exists is
/// checked. Errors: kNotFound, kConfigInvalid (they are not as they have to be), kUnavailable.
runtime::Status make_topics(const ClientBase& base, Client& client,
                            const std::vector<DeclaredTopic>& topics, std::uint16_t partitions,
                            const Deadline& deadline);

}  // namespace laurel::adapters::kafka
