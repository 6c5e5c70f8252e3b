#include "inbox_log.h"

#include <algorithm>

#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::PartitionId;
using runtime::Status;

constexpr std::size_t kHeldBytesMax = std::size_t{32} << 20;  // of all targets
constexpr std::size_t kShareMin = std::size_t{256} << 10;

/// Positions by source, so that asking costs no search.
class Finished {
 public:
  Finished(const runtime::Positions& positions, std::size_t partitions) : by_source_(partitions) {
    for (const auto& [input, position] : positions) {
      const auto source = runtime::inbox_source(input);
      if (source && *source < partitions) by_source_[*source] = position;
    }
  }
  bool operator()(PartitionId source, const std::string& position) const {
    return position <= by_source_[source];
  }

 private:
  std::vector<std::string_view> by_source_;
};

}  // namespace

InboxLog::InboxLog(const ClientBase& base, std::uint16_t partitions, LogReaders& readers)
    : topic_(topic_name(base, kInboxTopic)),
      share_(std::max(kShareMin, kHeldBytesMax / partitions)),
      readers_(readers) {
  for (std::uint16_t i = 0; i < partitions; ++i) targets_.push_back(std::make_unique<Target>());
}

void InboxLog::add(Target& target, std::int64_t offset, std::string_view key,
                   std::string value) const {
  Waiting waiting;
  waiting.source = *source_of(key);
  waiting.position = inbox_position(key, offset);
  if (target.bytes + value.size() <= share_) {
    waiting.held = true;
    waiting.value = std::move(value);
    target.bytes += waiting.value.size();
  }
  const auto [at, fresh] = target.waiting.emplace(offset, std::move(waiting));
  LAUREL_ASSERT(fresh);
  target.end = std::max(target.end, offset + 1);
}

Status InboxLog::load(PartitionId id, std::int64_t from, std::int64_t end,
                      const runtime::Positions& after, const Deadline& deadline) {
  Target& target = *targets_[id];
  const Finished finished(after, targets_.size());
  Status damaged;
  const Status status =
      readers_.read(topic_, id, from, end, deadline, [&](const LogRecord& record) {
        const auto source = source_of(record.key);
        if (!source || *source >= targets_.size() || !record.value) {
          damaged = Error{ErrorCode::kDataLost, "record " + std::to_string(record.offset) + " of " +
                                                    topic_ + "/" + std::to_string(id) +
                                                    " is none of Laurel's"};
          return false;
        }
        const std::lock_guard lock(target.mutex);
        const std::string position = inbox_position(record.key, record.offset);
        if (!finished(*source, position) && !target.waiting.contains(record.offset)) {
          add(target, record.offset, record.key, std::string(*record.value));
        }
        target.end = std::max(target.end, record.offset + 1);
        return true;
      });
  if (!status.ok()) return status;
  if (!damaged.ok()) return damaged;
  const std::lock_guard lock(target.mutex);
  target.end = std::max({target.end, from, end});
  target.loaded = true;
  return {};
}

bool InboxLog::loaded(PartitionId id) const {
  const Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  return target.loaded;
}

std::int64_t InboxLog::begin_sending(PartitionId id) {
  Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  target.sending.insert(target.end);
  return target.end;
}

void InboxLog::end_sending(PartitionId id, std::int64_t bound) {
  Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  target.sending.erase(target.sending.find(bound));
}

void InboxLog::note(SentMessage message) {
  Target& target = *targets_[message.target];
  const std::lock_guard lock(target.mutex);
  if (!target.waiting.contains(message.offset)) {
    add(target, message.offset, message.key, std::move(message.value));
  }
}

InboxLog::At InboxLog::erase(Target& target, At at) {
  if (at->second.held) target.bytes -= at->second.value.size();
  return target.waiting.erase(at);
}

void InboxLog::finish(PartitionId id,
                      const std::vector<std::pair<std::string, std::string>>& finished) {
  Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  for (const auto& [input, position] : finished) {
    const auto at = target.waiting.find(offset_of_position(position));
    if (at != target.waiting.end()) erase(target, at);
  }
}

void InboxLog::finish_up_to(PartitionId id, const runtime::Positions& positions) {
  const Finished finished(positions, targets_.size());
  Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  for (auto at = target.waiting.begin(); at != target.waiting.end();) {
    at = finished(at->second.source, at->second.position) ? erase(target, at) : std::next(at);
  }
}

std::int64_t InboxLog::low(PartitionId id,
                           const std::vector<std::pair<std::string, std::string>>& also) const {
  const Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  std::set<std::int64_t> gone;
  for (const auto& [input, position] : also) gone.insert(offset_of_position(position));
  std::int64_t low = target.end;
  for (const auto& [offset, waiting] : target.waiting) {
    if (gone.contains(offset)) continue;
    low = std::min(low, offset);
    break;
  }
  // What others are sending right now may come before what is known.
  if (!target.sending.empty()) low = std::min(low, *target.sending.begin());
  return low;
}

// Reads values that are not held, of records that wait, from that offset on.
Status InboxLog::fetch(PartitionId id, Target& target, std::int64_t from, std::size_t bytes_max,
                       const Deadline& deadline) {
  const std::int64_t end = target.waiting.rbegin()->first + 1;
  std::size_t bytes = 0;
  return readers_.read(topic_, id, from, end, deadline, [&](const LogRecord& record) {
    const auto at = target.waiting.find(record.offset);
    if (at == target.waiting.end() || at->second.held || !record.value) return true;
    at->second.value = std::string(*record.value);
    at->second.held = true;
    target.bytes += at->second.value.size();
    bytes += at->second.value.size();
    return bytes < bytes_max;
  });
}

runtime::Result<std::vector<runtime::InboxEntry>> InboxLog::read(PartitionId id,
                                                                 const runtime::Positions& after,
                                                                 std::size_t bytes_max,
                                                                 const Deadline& deadline) {
  const Finished finished(after, targets_.size());
  std::vector<runtime::InboxEntry> entries;
  std::size_t bytes = 0;
  Target& target = *targets_[id];
  const std::lock_guard lock(target.mutex);
  for (auto& [offset, waiting] : target.waiting) {
    if (bytes >= bytes_max) break;
    if (finished(waiting.source, waiting.position)) continue;
    if (!waiting.held) {
      if (auto status = fetch(id, target, offset, bytes_max - bytes, deadline); !status.ok()) {
        return status.error();
      }
      if (!waiting.held) {
        return Error{ErrorCode::kDataLost, "record " + std::to_string(offset) + " of " + topic_ +
                                               "/" + std::to_string(id) + " is gone"};
      }
    }
    bytes += waiting.value.size();
    entries.push_back({runtime::inbox_input(waiting.source), waiting.position, waiting.value});
    if (target.bytes > share_) {  // it does not stay
      target.bytes -= waiting.value.size();
      waiting.held = false;
      waiting.value = std::string();
    }
  }
  return entries;
}

}  // namespace laurel::adapters::kafka
