#include "log_reader.h"

#include <algorithm>

#include "link.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kFirstPoll{5};
constexpr Milliseconds kPoll{100};
constexpr Milliseconds kInVainMost{5000};

}  // namespace

LogRecord record_of(const rd_kafka_message_t& message) {
  LogRecord out;
  out.offset = message.offset;
  out.message = &message;
  if (message.key != nullptr) out.key = {static_cast<const char*>(message.key), message.key_len};
  if (message.payload != nullptr) {
    out.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  }
  return out;
}

std::string_view LogRecord::header(const char* name) const {
  rd_kafka_headers_t* headers = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name, &bytes, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return {static_cast<const char*>(bytes), size};
}

runtime::Result<std::unique_ptr<LogReader>> LogReader::make(const ClientBase& base) {
  auto client = Client::make(RD_KAFKA_CONSUMER, base, consumer_settings(base, true), 0);
  if (!client.ok()) return client.error();
  return std::unique_ptr<LogReader>(new LogReader(std::move(*client)));
}

Status LogReader::read(const std::string& topic, int partition, std::int64_t from, std::int64_t end,
                       const Deadline& deadline,
                       const std::function<bool(const LogRecord&)>& record) {
  if (from >= end) return {};
  const std::string where = "reading " + topic + "/" + std::to_string(partition);
  if (!topics_.contains(topic)) {
    topics_.emplace(topic, known_topic(*client_, topic, deadline));
  }
  const Partitions assigned(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), partition)->offset = from;
  if (const auto code = rd_kafka_assign(client_->get(), assigned.get());
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unavailable(where, code);
  }
  rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR__TIMED_OUT;
  Status status;
  Milliseconds wait = kFirstPoll;
  for (std::int64_t next = from; next < end;) {
    const Message message(rd_kafka_consumer_poll(client_->get(), deadline.left_ms(wait)));
    if (message == nullptr) {
      if (!deadline.passed()) {
        nudge(*client_, topic, deadline);
        wait = std::min(wait * 2, kPoll);
        continue;
      }
      status = unavailable(where, last);
      break;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      // Markers of transactions take offsets, too: no record of the last ones may ever come.
      next = message->offset;
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
      status = Error{ErrorCode::kDataLost, where + ": offset " + std::to_string(from) +
                                               " is not there any more; was the topic made anew?"};
      break;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Nothing is read by a group here: without a right to it all goes on.
      if (message->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) continue;
      last = message->err;  // a broker that is away comes back, or the deadline
      if (deadline.passed() || lacks_right(last)) {
        status = refused_or_away(where, last, {"Read", "topic", topic});
        break;
      }
      continue;
    }
    if (message->offset < next) continue;
    next = message->offset + 1;
    if (message->offset >= end || !record(record_of(*message))) break;
  }
  // What was fetched ahead is dropped.
  rd_kafka_assign(client_->get(), nullptr);
  return status;
}

runtime::Result<std::unique_ptr<LogReader>> LogReaders::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
  }
  return LogReader::make(base_);
}

void LogReaders::give_back(std::unique_ptr<LogReader> reader, Clock::time_point began,
                           const Status& status) {
  // What else one was told may come again, and would be taken for the answer to the next.
  if (!status.ok() && status.error().code != ErrorCode::kUnavailable) return;
  const auto took = std::chrono::duration_cast<Milliseconds>(Clock::now() - began);
  reader->in_vain = status.ok() ? Milliseconds(0) : reader->in_vain + took;
  if (reader->in_vain >= kInVainMost) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(reader));
}

Status LogReaders::read(const std::string& topic, int partition, std::int64_t from,
                        std::int64_t end, const Deadline& deadline,
                        const std::function<bool(const LogRecord&)>& record) {
  auto reader = borrow();
  if (!reader.ok()) return reader.error();
  const auto began = Clock::now();
  Status status = (*reader)->read(topic, partition, from, end, deadline, record);
  give_back(std::move(*reader), began, status);
  return status;
}

runtime::Result<std::int64_t> LogReaders::readable_end(const std::string& topic, int partition,
                                                       const Deadline& deadline) {
  auto reader = borrow();
  if (!reader.ok()) return reader.error();
  const auto began = Clock::now();
  const auto offsets = offsets_of((*reader)->client(), topic, partition, deadline);
  give_back(std::move(*reader), began, offsets.ok() ? Status() : Status(offsets.error()));
  if (!offsets.ok()) return offsets.error();
  return offsets->second;
}

runtime::Result<std::pair<std::int64_t, std::int64_t>> offsets_of(Client& client,
                                                                  const std::string& topic,
                                                                  int partition,
                                                                  const Deadline& deadline) {
  std::int64_t low = 0, high = 0;
  for (;;) {
    const auto code = rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &low,
                                                       &high, deadline.left_ms());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::pair(low, high);
    if (deadline.passed() || lacks_right(code)) {
      return refused_or_away("asking for the end of " + topic + "/" + std::to_string(partition),
                             code, {"Read", "topic", topic});
    }
  }
}

}  // namespace laurel::adapters::kafka
