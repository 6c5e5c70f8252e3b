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

/// A topic as it has to be.
struct DeclaredTopic {
  std::string name;           ///< without the cluster's
  bool per_partition = true;  ///< as many partitions as the cluster; else one
  Settings properties;
};
/// All but `control`, in the order in which they are made.
std::vector<DeclaredTopic> declared_topics();
DeclaredTopic control_topic();

std::string topic_name(const ClientBase& base, std::string_view name);

/// Partitions of the topic; 0: there is none. Errors: kUnavailable.
runtime::Result<int> partitions_of(Client& client, const std::string& topic,
                                   const Deadline& deadline);
/// Makes those that are missing, when `create`, and waits until they can be written. Errors:
/// kNotFound, kConfigInvalid (another number of partitions), kUnavailable.
runtime::Status make_topics(const ClientBase& base, Client& client,
                            const std::vector<DeclaredTopic>& topics, std::uint16_t partitions,
                            const Deadline& deadline);

}  // namespace laurel::adapters::kafka
