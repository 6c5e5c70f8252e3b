/// OutputTopics: records of output topics, written with a number of their own and read by it.
///
/// Why        Offsets of Kafka have holes where transactions end. A record's number has none: it is
/// in
///            the record (`ce_id`), and where the newest numbers are is remembered.
/// Threads    Any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"
#include "laurel/runtime/engine.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

/// Headers of the records of one topic and partition, one after the other: CloudEvents in binary
/// mode.
class RecordHeaders {
 public:
  /// `first`: number of the first record; they are 0, 1, 2, ... per topic and partition.
  RecordHeaders(const ClientBase& base, std::string_view topic, runtime::PartitionId partition,
                std::uint64_t first);
  /// Of the next one. The caller has to destroy them.
  rd_kafka_headers_t* next(const runtime::Output& record);

 private:
  std::optional<std::string_view> time_of(std::int64_t us);

  std::string source_;
  std::string id_;           // topic/partition/number
  std::size_t id_head_ = 0;  // of it, what stands before the number
  std::uint64_t number_;
  std::int64_t second_ = -1;  // what `time_` is in; -1: none
  std::string time_;
};

class OutputTopics {
 public:
  /// `asker`: a client that reads what is not committed, too. All outlive this.
  OutputTopics(const ClientBase& base, Client& asker, LogReaders& readers)
      : base_(base), asker_(asker), readers_(readers) {}

  /// Record `number` is at that offset.
  void note(std::string_view topic, runtime::PartitionId partition, std::uint64_t number,
            std::int64_t offset);
  /// Records from number `from` on, before `end`.
  runtime::Result<std::vector<runtime::TopicRecord>> read(std::string_view topic,
                                                          runtime::PartitionId partition,
                                                          std::uint64_t from, std::uint64_t end,
                                                          std::size_t records_max,
                                                          const Deadline& deadline);
  /// Number of the first record that is kept, `end` when there is none.
  runtime::Result<std::uint64_t> first(std::string_view topic, runtime::PartitionId partition,
                                       std::uint64_t end, const Deadline& deadline);

 private:
  static constexpr std::size_t kMarksMax = 512;         // per topic and partition
  using Marks = std::map<std::uint64_t, std::int64_t>;  // number -> offset

  /// An offset at or before that of `number`.
  runtime::Result<std::int64_t> offset_before(std::string_view topic,
                                              runtime::PartitionId partition, std::uint64_t number,
                                              std::int64_t low, std::int64_t high,
                                              const Deadline& deadline);

  const ClientBase& base_;
  Client& asker_;
  LogReaders& readers_;
  std::mutex mutex_;
  std::map<std::pair<std::string, runtime::PartitionId>, Marks> marks_;
};

}  // namespace laurel::adapters::kafka
