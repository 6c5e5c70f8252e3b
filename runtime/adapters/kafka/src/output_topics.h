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
#include <string>
#include <string_view>
#include <vector>

#include "client.h"
#include "laurel/runtime/engine.h"
#include "log_reader.h"

namespace laurel::adapters::kafka {

/// The record as CloudEvents in binary mode; `number`: 0, 1, 2, ... per topic and partition.
rd_kafka_headers_t* headers_of(const ClientBase& base, const runtime::Output& record,
                               runtime::PartitionId partition, std::uint64_t number);

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
