/// TopicCheck: whether topics that exist are as they have to be. A difference is named with the
/// command that mends it, all of them at once.
#pragma once

#include <vector>

#include "client.h"
#include "topics.h"

namespace laurel::adapters::kafka {

/// `replicas`: of each topic. REQUIRES: the topics exist. Errors: kConfigInvalid (each difference a
/// line of its own), kUnavailable.
runtime::Status check_topics(const ClientBase& base, Client& client,
                             const std::vector<DeclaredTopic>& topics,
                             const std::vector<int>& replicas, const Deadline& deadline);

}  // namespace laurel::adapters::kafka
