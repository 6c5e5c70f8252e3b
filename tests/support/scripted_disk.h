/// ScriptedDisk: what the partitions of a ScriptedEngine hold, as values that outlive the engine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "laurel/runtime/engine.h"
#include "laurel/runtime/keys.h"

namespace laurel::testing {

/// What survives a crash. Shared by the engines that follow each other on it.
class ScriptedDisk {
 public:
  using Rows = std::map<std::pair<runtime::Space, std::string>, std::string>;

  struct Partition {
    runtime::Epoch epoch = 0;
    runtime::CommitNumber last_commit = 0;
    std::uint64_t catalog_version = 0;
    std::map<std::string, std::string> positions;
    Rows rows;
    std::map<std::string, std::vector<runtime::OutputRecord>, std::less<>> topics;
    /// source -> (commit, chunk) -> record
    std::map<runtime::PartitionId, std::map<std::string, std::string>> inbox;
  };

  explicit ScriptedDisk(std::uint16_t partitions, std::string secret = std::string(32, 's'))
      : secret_(std::move(secret)) {
    for (std::uint16_t i = 0; i < partitions; ++i) {
      partitions_.push_back(std::make_shared<const Partition>());
    }
  }

  std::uint16_t partitions() const { return static_cast<std::uint16_t>(partitions_.size()); }
  const std::string& secret() const { return secret_; }

  /// The durable state of a partition, as a value.
  std::shared_ptr<const Partition> at(runtime::PartitionId partition) const {
    LAUREL_ASSERT(partition < partitions_.size());
    const std::lock_guard lock(mutex_);
    return partitions_[partition];
  }

  void put(runtime::PartitionId partition, Partition next) {
    const std::lock_guard lock(mutex_);
    partitions_[partition] = std::make_shared<const Partition>(std::move(next));
  }

  std::uint64_t append_catalog(std::string record) {
    const std::lock_guard lock(mutex_);
    catalog_.push_back(std::move(record));
    return catalog_.size();
  }
  std::vector<std::string> catalog(std::uint64_t from) const {
    const std::lock_guard lock(mutex_);
    const std::size_t skip = from == 0 ? 0 : std::min<std::size_t>(from - 1, catalog_.size());
    return {catalog_.begin() + static_cast<std::ptrdiff_t>(skip), catalog_.end()};
  }

  void apply(const runtime::Commit& commit) {
    Partition next = *at(commit.partition);
    LAUREL_ASSERT(commit.number == next.last_commit + 1);
    next.last_commit = commit.number;
    next.catalog_version = commit.catalog_version;
    for (const auto& [input, position] : commit.positions) next.positions[input] = position;
    for (const runtime::Row& row : commit.rows) {
      if (row.value.has_value()) {
        next.rows[{row.space, std::string(row.key)}] = *row.value;
      } else {
        next.rows.erase({row.space, std::string(row.key)});
      }
    }
    for (const runtime::Output& record : commit.outputs) {
      next.topics[std::string(record.topic)].push_back({record.topic, std::string(record.key),
                                                        std::string(record.type),
                                                        std::string(record.value), record.time_us});
    }
    for (const auto& [input, position] : commit.inbox_finished) {
      next.inbox[static_cast<runtime::PartitionId>(std::stoul(input.substr(6)))].erase(position);
    }
    put(commit.partition, std::move(next));
    for (std::size_t i = 0; i < commit.inbox.size(); ++i) {
      const runtime::PartitionId target = commit.inbox[i].target;
      Partition state = *at(target);
      state.inbox[commit.partition][runtime::big_endian(commit.number) + runtime::big_endian(i)] =
          commit.inbox[i].value;
      put(target, std::move(state));
    }
  }

 private:
  std::string secret_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Partition>> partitions_;
  std::vector<std::string> catalog_;
};

}  // namespace laurel::testing
