/// What a partition keeps of a commit until it is known what became of it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "partition.h"

namespace laurel::adapters::kafka {

/// Where in a transaction its messages and records are, by index, and in the end where in the log.
struct Partition::Sent {
  std::size_t first_row = 0;       ///< the first in the changelog
  std::vector<std::size_t> inbox;  ///< of commit.inbox
  struct First {
    std::string_view topic;
    std::uint64_t number = 0;
    std::size_t index = 0;
  };
  std::vector<First> outputs;  ///< the first of each topic
  std::vector<std::int64_t> offsets;
  std::deque<std::string> values;  ///< of records, where the commit does not have them
};

/// Says to the inboxes that something is on its way, as long as it is not known to have arrived.
class Partition::Sending {
 public:
  Sending(InboxLog& inbox, const runtime::Commit& commit) : inbox_(inbox) {
    for (const runtime::InboxRecord& record : commit.inbox) {
      bounds_.emplace_back(record.target, inbox_.begin_sending(record.target));
    }
  }
  ~Sending() {
    for (const auto& [target, bound] : bounds_) inbox_.end_sending(target, bound);
  }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

 private:
  InboxLog& inbox_;
  std::vector<std::pair<runtime::PartitionId, std::int64_t>> bounds_;
};

}  // namespace laurel::adapters::kafka
