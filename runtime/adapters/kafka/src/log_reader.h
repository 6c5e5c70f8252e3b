/// LogReader: reads one partition of a topic from an offset to an end, committed records only.
///
/// Why        Take-overs, topics and the catalog are read like this; nothing here subscribes,
/// commits
///            offsets, or jumps: an offset that is not there is an error.
/// Threads    One at a time; LogReaders lends them out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.h"

namespace laurel::adapters::kafka {

/// Valid until the next one is read.
struct LogRecord {
  std::int64_t offset = 0;
  std::string_view key;
  std::optional<std::string_view> value;  ///< nothing: the key is deleted
  const rd_kafka_message_t* message = nullptr;

  /// The header's value; empty: there is none.
  std::string_view header(const char* name) const;
};

LogRecord record_of(const rd_kafka_message_t& message);

class LogReader {
 public:
  static runtime::Result<std::unique_ptr<LogReader>> make(const ClientBase& base);

  /// Calls `record` for each from offset `from` on, until it returns false or all before `end` are
  /// read. Errors: kUnavailable (in time), kDataLost (`from` is not in the log).
  runtime::Status read(const std::string& topic, int partition, std::int64_t from, std::int64_t end,
                       const Deadline& deadline,
                       const std::function<bool(const LogRecord&)>& record);
  Client& client() { return *client_; }
  /// How long it has been used without an answer, since the last one.
  std::chrono::milliseconds in_vain{0};

 private:
  explicit LogReader(std::unique_ptr<Client> client) : client_(std::move(client)) {}
  std::unique_ptr<Client> client_;
  std::map<std::string, TopicHandle, std::less<>> topics_;  ///< asked for before
};

/// Those not in use are kept for the next, also those that got no answer in time: the next one
/// finds the connection made, which can take longer than a read may. After five seconds in vain,
/// together, it may be the client's fault, and another one is made.
class LogReaders {
 public:
  explicit LogReaders(const ClientBase& base) : base_(base) {}
  /// As LogReader::read().
  runtime::Status read(const std::string& topic, int partition, std::int64_t from, std::int64_t end,
                       const Deadline& deadline,
                       const std::function<bool(const LogRecord&)>& record);
  /// Up to where it can be read now: to the first transaction that is open.
  runtime::Result<std::int64_t> readable_end(const std::string& topic, int partition,
                                             const Deadline& deadline);

 private:
  runtime::Result<std::unique_ptr<LogReader>> borrow();
  /// `began`: when it was borrowed. `status`: what came of it.
  void give_back(std::unique_ptr<LogReader> reader, std::chrono::steady_clock::time_point began,
                 const runtime::Status& status);

  const ClientBase& base_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<LogReader>> idle_;
};

/// [first there is, next to be written), open transactions included. `client`: one that reads what
/// is not committed, too.
runtime::Result<std::pair<std::int64_t, std::int64_t>> offsets_of(Client& client,
                                                                  const std::string& topic,
                                                                  int partition,
                                                                  const Deadline& deadline);

}  // namespace laurel::adapters::kafka
