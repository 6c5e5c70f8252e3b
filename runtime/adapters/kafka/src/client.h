/// Clients of librdkafka as objects that clean up after themselves, and its errors translated once.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "laurel/adapters/kafka/options.h"
#include "laurel/runtime/errors.h"

namespace laurel::adapters::kafka {

using Settings = std::vector<std::pair<std::string, std::string>>;
using Milliseconds = std::chrono::milliseconds;

template <class T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { Destroy(object); }
};
template <class T, void (*Destroy)(T*)>
using Owned = std::unique_ptr<T, Destroyer<T, Destroy>>;

using Queue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Event = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using Message = Owned<rd_kafka_message_t, rd_kafka_message_destroy>;
using ErrorObject = Owned<rd_kafka_error_t, rd_kafka_error_destroy>;
using TopicHandle = Owned<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using Partitions = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

/// A time until which something is tried.
class Deadline {
 public:
  explicit Deadline(Milliseconds time) : at_(Clock::now() + time) {}
  bool passed() const { return Clock::now() >= at_; }
  /// Of what is left, at least 1 and at most `most`.
  int left_ms(Milliseconds most = Milliseconds(1'000'000)) const;
  /// One of a part of it.
  Deadline within(Milliseconds most) const { return Deadline(Milliseconds(left_ms(most))); }

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point at_;
};

/// Asks `ask(Deadline)`, which gives a Result or a Status, again while its answer is that Kafka is
/// away: a broker that is just elected, has not heard of a topic yet, or loses the question, would
/// otherwise cost all the time there is.
template <class Ask>
auto ask_until(const Deadline& deadline, Ask ask) {
  constexpr Milliseconds kQuestion{5000}, kAgain{100};
  for (;;) {
    auto answer = ask(deadline.within(kQuestion));
    if (answer.ok() || answer.error().code != runtime::ErrorCode::kUnavailable ||
        deadline.passed()) {
      return answer;
    }
    std::this_thread::sleep_for(kAgain);
  }
}

/// What all clients of an engine have in common.
struct ClientBase {
  explicit ClientBase(KafkaOptions given) : options(std::move(given)) {}
  const KafkaOptions options;
  void say(bool warning, std::string_view text) const {
    if (options.log) options.log(warning, text);
  }
  /// As say(), but the same at most every ten seconds: each of many clients has the same to say.
  void say_of_many(bool warning, std::string_view text) const;

  /// What a person has to put right, by what it is about, until it is: for the node's status.
  void trouble(const std::string& about, std::string text) const;
  void no_trouble(const std::string& about) const;
  std::vector<std::string> troubles() const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> troubles_;
  mutable std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> said_;
};

class Client {
 public:
  /// `events`: as rd_kafka_conf_set_events(). Errors: kConfigInvalid.
  static runtime::Result<std::unique_ptr<Client>> make(rd_kafka_type_t type, const ClientBase& base,
                                                       const Settings& settings, int events);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  rd_kafka_t* get() const { return client_; }
  /// Of what it was given to send without a copy, instead of what was kept before: stays until
  /// others are kept or nothing of it is left, which may be after its end.
  void keep(std::vector<std::shared_ptr<const void>> bytes) { kept_ = std::move(bytes); }

 private:
  Client() = default;
  rd_kafka_t* client_ = nullptr;
  std::vector<std::shared_ptr<const void>> kept_;
};

/// The topic of that client, asked for now: what is first used unknown waits a second for it.
TopicHandle known_topic(Client& client, const std::string& topic, const Deadline& deadline);
/// The same for all topics that the client has a handle of.
void ask_for_topics(Client& client, const Deadline& deadline);

/// Ends the wait of a client that has nothing to do: librdkafka 2.0.2 looks for what to fetch when
/// it is woken, and else once a second, so after an assignment nothing may come for as long (2 of
/// 300 reads in a row, one proof in six under a flood). A question that is answered wakes it; what
/// the answer says is not used.
void nudge(Client& client, const std::string& topic, const Deadline& deadline);

/// Of a consumer that reads what it is told to, and commits nothing.
Settings consumer_settings(const ClientBase& base, bool committed_only);
/// Of one that goes on reading, and far ahead.
Settings input_settings(const ClientBase& base);

/// "<doing>: <what the library says>".
runtime::Error unavailable(std::string_view doing, rd_kafka_resp_err_t code);
std::string text_of(rd_kafka_resp_err_t code);

}  // namespace laurel::adapters::kafka
