#include "producer.h"

#include <thread>

#include "link.h"
#include "topics.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;

constexpr Milliseconds kPoll{100};
constexpr std::size_t kEventsMax = 1000;
constexpr Milliseconds kFirstPatience{100};
constexpr Milliseconds kLongestPatience{400};

bool fenced(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool too_large(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
         code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

Settings settings_of(const ClientBase& base, const std::string& transactional_id) {
  return {{"transactional.id", transactional_id},
          {"transaction.timeout.ms", std::to_string(base.options.transaction_timeout.count())},
          {"message.timeout.ms", std::to_string(base.options.transaction_timeout.count())},
          {"linger.ms", "0"},
          {"log.connection.close", "true"},  // no event tells of it otherwise: see disturbed()
          // An attempt that meets the markers of the transaction before waits that long.
          {"retry.backoff.ms", "5"},
          {"batch.num.messages", "10000"},
          {"batch.size", "1000000"},
          {"message.max.bytes", "2000000"},
          {"queue.buffering.max.kbytes", "1048576"},
          {"compression.codec", "lz4"}};
}

}  // namespace

// A client that is told to wait, for its coordinator or until the broker has ended what is open,
// asks again after half a second, whatever it is set to. By then a new one has long been answered.
// One that is merely slow gets the time it needs. A late request of one that was given up can fence
// the next: that is as if two started at once, and taking over begins again.
runtime::Result<std::unique_ptr<Client>> Producer::client_of(const ClientBase& base,
                                                             const std::string& id,
                                                             const Deadline& deadline) {
  for (Milliseconds patience = kFirstPatience;; patience *= 2) {
    auto client = Client::make(RD_KAFKA_PRODUCER, base, settings_of(base, id),
                               RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    if (!client.ok()) return client.error();
    const bool last = patience > kLongestPatience;
    for (;;) {
      const ErrorObject error(rd_kafka_init_transactions(
          (*client)->get(), last ? deadline.left_ms() : deadline.left_ms(patience)));
      if (error == nullptr) return std::move(*client);
      const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
      if (rd_kafka_error_is_retriable(error.get()) != 0 && !deadline.passed()) {
        if (last || code != RD_KAFKA_RESP_ERR__TIMED_OUT) continue;
        break;
      }
      if (lacks_right(code)) {
        return refused_or_away("taking over " + id, code, {"Write", "transactional id", id});
      }
      return Error{ErrorCode::kUnavailable,
                   "Kafka, taking over " + id + ": " + rd_kafka_error_string(error.get())};
    }
  }
}

runtime::Result<std::unique_ptr<Producer>> Producer::make(const ClientBase& base,
                                                          const std::string& transactional_id,
                                                          const std::vector<std::string>& topics,
                                                          const Deadline& deadline) {
  std::unique_ptr<Producer> producer(new Producer(base, transactional_id));
  auto client = client_of(base, transactional_id, deadline);
  if (!client.ok()) return client.error();
  producer->client_ = std::move(*client);
  rd_kafka_t* const handle = producer->client_->get();
  producer->events_.reset(rd_kafka_queue_get_main(handle));
  for (const std::string& topic : topics) {
    producer->topics_.emplace_back(topic, rd_kafka_topic_new(handle, topic.c_str(), nullptr));
  }
  ask_for_topics(*producer->client_, deadline);
  return producer;
}

rd_kafka_topic_t* Producer::topic(const std::string& name) {
  for (const auto& [known_name, known] : topics_) {
    if (known_name == name) return known.get();
  }
  topics_.emplace_back(name, rd_kafka_topic_new(client_->get(), name.c_str(), nullptr));
  LAUREL_ASSERT(topics_.back().second != nullptr);
  return topics_.back().second.get();
}

// Records of a transaction that has failed are dropped; it knows why, and tells whoever wants to
// begin another.
rd_kafka_resp_err_t Producer::cause_of(rd_kafka_resp_err_t code) const {
  if (code != RD_KAFKA_RESP_ERR__PURGE_QUEUE && code != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
    return code;
  }
  const ErrorObject error(rd_kafka_begin_transaction(client_->get()));
  if (error == nullptr || rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR__STATE) return code;
  return rd_kafka_error_code(error.get());
}

void Producer::failed(rd_kafka_resp_err_t code, std::string_view doing) {
  if (failure_) return;
  code = cause_of(code);
  if (lacks_right(code)) {
    refusal_ = code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED
                   ? refused_or_away(doing, code, {"Write", "transactional id", id_})
                   : refused_or_away(doing, code,
                                     {"Write", "topic", topic_name(base_, "") + " (prefixed)"});
  }
  failure_ = too_large(code) ? End::kTooLarge : fenced(code) ? End::kFenced : End::kUnknown;
  base_.say(true, "a transaction failed, " +
                      (refusal_ ? refusal_->message : std::string(doing) + ": " + text_of(code)));
}

void Producer::begin(std::vector<std::shared_ptr<const void>> bytes) {
  client_->keep(std::move(bytes));
  offsets_.clear();
  unacknowledged_ = bytes_ = 0;
  failure_.reset();
  began_ms_ =
      std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const ErrorObject error(rd_kafka_begin_transaction(client_->get()));
  if (error != nullptr) failed(rd_kafka_error_code(error.get()), "beginning it");
}

rd_kafka_message_t Producer::record(std::string_view key, std::optional<std::string_view> value) {
  static const char kNothing = '\0';  // a key of no bytes is not the same as none
  const auto bytes = [](std::string_view text) {
    return const_cast<char*>(text.empty() ? &kNothing : text.data());
  };
  rd_kafka_message_t out{};
  out.key = bytes(key);
  out.key_len = key.size();
  out.payload = value ? bytes(*value) : nullptr;
  out.len = value ? value->size() : 0;
  return out;
}

void Producer::added(const rd_kafka_message_t& record) {
  offsets_.push_back(-1);
  ++unacknowledged_;
  bytes_ += record.key_len + record.len;
}

void Producer::add(rd_kafka_topic_t* topic, int partition, std::string_view key,
                   std::optional<std::string_view> value, rd_kafka_headers_t* headers) {
  Owned<rd_kafka_headers_t, rd_kafka_headers_destroy> owned(headers);
  if (failure_) return;
  const rd_kafka_message_t record = Producer::record(key, value);
  for (;;) {
    rd_kafka_vu_t fields[8];
    std::size_t count = 0;
    const auto field = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
      fields[count].vtype = type;
      return fields[count++];
    };
    field(RD_KAFKA_VTYPE_RKT).u.rkt = topic;
    field(RD_KAFKA_VTYPE_PARTITION).u.i32 = partition;
    field(RD_KAFKA_VTYPE_MSGFLAGS).u.i = 0;
    field(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = began_ms_;
    field(RD_KAFKA_VTYPE_KEY).u.mem = {record.key, record.key_len};
    field(RD_KAFKA_VTYPE_VALUE).u.mem = {record.payload, record.len};
    field(RD_KAFKA_VTYPE_OPAQUE).u.ptr = index();
    if (owned != nullptr) field(RD_KAFKA_VTYPE_HEADERS).u.headers = owned.get();
    const ErrorObject error(rd_kafka_produceva(client_->get(), fields, count));
    if (error == nullptr) break;
    if (!again(topic, rd_kafka_error_code(error.get()))) return;
  }
  static_cast<void>(owned.release());  // they are the record's
  added(record);
}

void Producer::add(rd_kafka_topic_t* topic, int partition,
                   std::vector<rd_kafka_message_t>& records) {
  for (std::size_t from = 0; from < records.size() && !failure_;) {
    for (std::size_t i = from; i < records.size(); ++i) records[i]._private = index(i - from);
    rd_kafka_produce_batch(topic, partition, 0, &records[from],
                           static_cast<int>(records.size() - from));
    // One that does not fit into the queue, and all behind it, are tried again; one that is refused
    // for itself fails it all, and the others, which were taken, have to be waited for.
    auto refused = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (std::size_t end = from; end < records.size(); ++end) {
      if (records[end].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        added(records[end]);
        ++from;
      } else if (refused == RD_KAFKA_RESP_ERR_NO_ERROR ||
                 refused == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        refused = records[end].err;
      }
    }
    if (refused != RD_KAFKA_RESP_ERR_NO_ERROR && !again(topic, refused)) return;
  }
}

/// Whether to try it again, when there is room.
bool Producer::again(const rd_kafka_topic_t* topic, rd_kafka_resp_err_t code) {
  if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    failed(code, std::string("adding a record to ") + rd_kafka_topic_name(topic));
  } else {
    drain(10);
  }
  return !failure_;
}

void Producer::drain(int wait_ms) {
  const Event event(rd_kafka_queue_poll(events_.get(), wait_ms));
  if (event == nullptr) return;
  if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
    disturbed_ = true;
    if (rd_kafka_event_error_is_fatal(event.get()) != 0) {
      std::array<char, 512> why{};
      failed(rd_kafka_fatal_error(client_->get(), why.data(), why.size()), why.data());
    }
    return;
  }
  if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) return;
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) failed(message->err, "writing a record");
    const auto index = reinterpret_cast<std::size_t>(message->_private);
    if (index < offsets_.size()) offsets_[index] = message->offset;
    --unacknowledged_;
  }
}

void Producer::drain_all() {
  for (std::size_t left = kEventsMax; left > 0; --left) {
    if (rd_kafka_queue_length(events_.get()) == 0) return;
    drain(0);
  }
}

bool Producer::acknowledged(const Deadline& deadline) {
  while (!failure_ && unacknowledged_ > 0) {
    drain(deadline.left_ms(kPoll));
    if (deadline.passed() && unacknowledged_ > 0) {
      failed(RD_KAFKA_RESP_ERR__TIMED_OUT, "waiting for acknowledgements");
    }
  }
  return !failure_;
}

Producer::End Producer::finish(const Deadline& deadline) {
  if (!acknowledged(deadline)) {
    return *failure_ == End::kTooLarge ? abort(deadline) : *failure_;
  }
  drain_all();
  disturbed_ = false;
  for (;;) {
    const ErrorObject error(rd_kafka_commit_transaction(client_->get(), deadline.left_ms()));
    if (error == nullptr) {
      drain_all();  // a connection's end is told before anything is asked again on the next one
      return End::kCommitted;
    }
    // Called again it goes on waiting; anything else leaves open what became of it.
    if (rd_kafka_error_is_retriable(error.get()) != 0 && !deadline.passed()) continue;
    failed(rd_kafka_error_code(error.get()), "ending it");
    return *failure_;
  }
}

Producer::End Producer::abort(const Deadline& deadline) {
  // Giving up waits for what is under way, and is not told of it: that is for here.
  while (unacknowledged_ > 0 && !deadline.passed()) drain(deadline.left_ms(kPoll));
  for (;;) {
    const ErrorObject error(rd_kafka_abort_transaction(client_->get(), deadline.left_ms()));
    if (error == nullptr) return End::kTooLarge;
    if (rd_kafka_error_is_retriable(error.get()) != 0 && !deadline.passed()) continue;
    base_.say(true, std::string("a transaction cannot be given up: ") +
                        rd_kafka_error_string(error.get()));
    return End::kUnknown;
  }
}

}  // namespace laurel::adapters::kafka
