#include "output_topics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "laurel/contract/media_type.h"
#include "laurel/contract/rfc3339.h"
#include "laurel/runtime/topics.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::PartitionId;
using runtime::Result;
using runtime::Status;

constexpr std::int64_t kScanMax = 4096;  // offsets read on the way to a record
constexpr const char* kTime = "ce_time";

/// The last part of `ce_id`: topic/partition/number.
std::optional<std::uint64_t> number_of(const LogRecord& record) {
  const std::string_view id = record.header("ce_id");
  const auto slash = id.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(id.data() + slash + 1, id.data() + id.size(), out);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return out;
}

}  // namespace

RecordHeaders::RecordHeaders(const ClientBase& base, std::string_view topic, PartitionId partition,
                             std::uint64_t first)
    : source_("urn:laurel:" + base.options.cluster),
      id_(std::string(topic) + "/" + std::to_string(partition) + "/"),
      id_head_(id_.size()),
      number_(first) {}

// Most records are of the second of the one before: only its fraction is written then.
std::optional<std::string_view> RecordHeaders::time_of(std::int64_t us) {
  constexpr std::int64_t kSecond = 1'000'000;
  constexpr std::size_t kFraction = std::string_view("2021-11-20T19:44:19.").size();
  if (us < 0 || us / kSecond != second_) {
    auto text = contract::rfc3339(us);
    second_ = us < 0 || !text ? -1 : us / kSecond;
    if (!text) return std::nullopt;
    time_ = std::move(*text);
    return time_;
  }
  std::int64_t rest = us % kSecond;
  for (std::size_t at = kFraction + 6; at-- > kFraction; rest /= 10) {
    time_[at] = static_cast<char>('0' + rest % 10);
  }
  return time_;
}

rd_kafka_headers_t* RecordHeaders::next(const runtime::Output& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(6);
  const auto add = [headers](std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  };
  std::array<char, 20> digits;
  const char* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number_++).ptr;
  id_.resize(id_head_);
  id_.append(std::string_view(digits.data(), end));
  add("ce_specversion", "1.0");
  add("ce_id", id_);
  add("ce_source", source_);
  add("ce_type", record.type);
  add("content-type", contract::kProtobuf);
  if (const auto time = time_of(record.time_us)) add(kTime, *time);
  return headers;
}

void OutputTopics::note(std::string_view topic, PartitionId partition, std::uint64_t number,
                        std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  Marks& marks = marks_[{std::string(topic), partition}];
  marks[number] = offset;
  if (marks.size() <= kMarksMax) return;
  // Half of them, evenly: the older ones only save a search.
  for (auto at = marks.begin(); at != marks.end();) {
    at = marks.erase(at);
    if (at != marks.end()) ++at;
  }
}

Result<std::int64_t> OutputTopics::offset_before(std::string_view topic, PartitionId partition,
                                                 std::uint64_t number, std::int64_t low,
                                                 std::int64_t high, const Deadline& deadline) {
  {
    const std::lock_guard lock(mutex_);
    const Marks& marks = marks_[{std::string(topic), partition}];
    auto after = marks.upper_bound(number);
    if (after != marks.end()) high = std::min(high, after->second);
    if (after != marks.begin()) low = std::max(low, std::prev(after)->second);
  }
  const std::string name = topic_name(base_, topic);
  while (high - low > kScanMax) {
    const std::int64_t middle = low + (high - low) / 2;
    std::optional<std::uint64_t> found;
    const Status status =
        readers_.read(name, partition, middle, high, deadline, [&](const LogRecord& record) {
          found = number_of(record);
          return false;
        });
    if (!status.ok()) return status.error();
    if (found && *found <= number) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<std::vector<runtime::TopicRecord>> OutputTopics::read(std::string_view topic,
                                                             PartitionId partition,
                                                             std::uint64_t from, std::uint64_t end,
                                                             std::size_t records_max,
                                                             const Deadline& deadline) {
  std::vector<runtime::TopicRecord> records;
  if (from >= end || records_max == 0) return records;
  const std::string name = topic_name(base_, topic);
  const auto offsets = offsets_of(asker_, name, partition, deadline);
  if (!offsets.ok()) return offsets.error();
  const auto start =
      offset_before(topic, partition, from, offsets->first, offsets->second, deadline);
  if (!start.ok()) return start.error();
  const std::string_view kept_name = runtime::interned_topic(topic);
  // Open transactions hide what is behind them for a moment; what is asked for is committed.
  const Status status = readers_.read(
      name, partition, *start, offsets->second, deadline, [&](const LogRecord& record) {
        const auto number = number_of(record);
        if (!number || *number < from) return true;
        if (*number >= end) return false;
        records.push_back(
            {*number,
             {kept_name, std::string(record.key), std::string(record.header("ce_type")),
              std::string(record.value.value_or("")),
              contract::parse_rfc3339(record.header(kTime)).value_or(0)}});
        return *number + 1 < end && records.size() < records_max;
      });
  if (!status.ok()) return status.error();
  return records;
}

Result<std::uint64_t> OutputTopics::first(std::string_view topic, PartitionId partition,
                                          std::uint64_t end, const Deadline& deadline) {
  if (end == 0) return end;
  const auto records = read(topic, partition, 0, end, 1, deadline);
  if (!records.ok()) return records.error();
  return records->empty() ? end : records->front().offset;
}

}  // namespace laurel::adapters::kafka
