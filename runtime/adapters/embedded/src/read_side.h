/// Reads of an opened data directory: views, topics.
///
/// Threads    Any thread; the caller keeps the OpenStore alive.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "laurel/runtime/engine.h"
#include "open_store.h"

namespace laurel::adapters::internal {

runtime::Result<std::unique_ptr<runtime::ReadView>> make_view(std::shared_ptr<OpenStore> open,
                                                              runtime::PartitionId partition);
runtime::Result<std::vector<runtime::TopicRecord>> read_topic(const OpenStore& open,
                                                              std::string_view topic,
                                                              runtime::PartitionId partition,
                                                              std::uint64_t from,
                                                              std::size_t records_max);
runtime::Result<std::pair<std::uint64_t, std::uint64_t>> topic_bounds(
    const OpenStore& open, std::string_view topic, runtime::PartitionId partition);

}  // namespace laurel::adapters::internal
