#include "client.h"

#include <algorithm>
#include <array>
#include <future>
#include <thread>

#include "token.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;

constexpr int kWarning = 4;  // syslog
constexpr int kNotice = 5;
constexpr std::chrono::seconds kSayAgain{10};
constexpr Milliseconds kNudgeWithin{200};
constexpr std::size_t kSaidMax = 256;
constexpr std::chrono::seconds kDestroyWithin{3};
constexpr Milliseconds kLastPoll{10};

void log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  if (level > kNotice) return;
  const auto* base = static_cast<const ClientBase*>(rd_kafka_opaque(client));
  if (base == nullptr) return;
  std::string_view what(text);
  // Its thread, and counts that differ each time.
  if (const auto thread = what.find("]: "); what.starts_with("[thrd:") && thread != what.npos) {
    what.remove_prefix(thread + 3);
  }
  what = what.substr(0, what.rfind(" (after "));
  base->say_of_many(level <= kWarning,
                    std::string("librdkafka ") + facility + ": " + std::string(what));
}

// What nobody waits for any more. A request of a transaction that is refused after the client's
// main thread has ended frees a text that this one has freed (librdkafka 2.0.2: txn_errstr, in
// rd_kafka_txns_term() and rd_kafka_txn_set_fatal_error()): none may be under way by then.
void end_requests(rd_kafka_t* producer) {
  rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  // One that is sent by half cannot be purged.
  const Queue events(rd_kafka_queue_get_main(producer));
  const Deadline deadline(kDestroyWithin);
  while (rd_kafka_outq_len(producer) > 0 && !deadline.passed()) {
    const Event told(rd_kafka_queue_poll(events.get(), deadline.left_ms(kLastPoll)));
  }
}

// A consumer of a topic that was deleted meanwhile may never come to its end: librdkafka 2.0.2
// keeps something of the topic, and that keeps a broker's thread. Nobody waits long for that, nor
// for a broker; what is left ends with the process.
void destroy(rd_kafka_t* client, std::vector<std::shared_ptr<const void>> kept) {
  auto end = std::make_shared<std::promise<void>>();
  std::future<void> ended = end->get_future();
  const auto work = [client, end, kept = std::move(kept)] {
    if (rd_kafka_type(client) == RD_KAFKA_PRODUCER) end_requests(client);
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    end->set_value();
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error&) {
    return work();
  }
  ended.wait_for(kDestroyWithin);
}

Settings common_settings(const ClientBase& base) {
  Settings out = {{"bootstrap.servers", base.options.bootstrap},
                  {"client.id", "laurel"},
                  {"log.connection.close", "false"},
                  {"socket.nagle.disable", "true"},
                  {"socket.keepalive.enable", "true"},
                  {"reconnect.backoff.ms", "20"},
                  {"reconnect.backoff.max.ms", "1000"},
                  {"topic.metadata.refresh.sparse", "true"}};
  out.insert(out.end(), base.options.client.begin(), base.options.client.end());
  return out;
}

}  // namespace

void ClientBase::trouble(const std::string& about, std::string text) const {
  const std::lock_guard lock(mutex_);
  troubles_.insert_or_assign(about, std::move(text));
}

void ClientBase::no_trouble(const std::string& about) const {
  const std::lock_guard lock(mutex_);
  troubles_.erase(about);
}

// Each once: many partitions have the same.
std::vector<std::string> ClientBase::troubles() const {
  std::vector<std::string> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [about, text] : troubles_) {
    if (std::ranges::find(out, text) == out.end()) out.push_back(text);
  }
  return out;
}

void ClientBase::say_of_many(bool warning, std::string_view text) const {
  {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (said_.size() >= kSaidMax) said_.clear();
    const auto [said, first] = said_.try_emplace(std::string(text), now);
    if (!first && now - said->second < kSayAgain) return;
    said->second = now;
  }
  say(warning, text);
}

runtime::Result<std::unique_ptr<Client>> Client::make(rd_kafka_type_t type, const ClientBase& base,
                                                      const Settings& settings, int events) {
  std::array<char, 512> why{};
  Owned<rd_kafka_conf_t, rd_kafka_conf_destroy> conf(rd_kafka_conf_new());
  Settings all = common_settings(base);
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      return Error{ErrorCode::kConfigInvalid,
                   "the Kafka client's property " + name + " (kafka.client_file): " + why.data()};
    }
  }
  rd_kafka_conf_set_log_cb(conf.get(), &log);
  rd_kafka_conf_set_opaque(conf.get(), const_cast<ClientBase*>(&base));
  rd_kafka_conf_set_events(conf.get(), events);
  const auto tokens = needs_tokens(base.options.client);
  if (!tokens.ok()) return tokens.error();
  if (*tokens) {
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf.get(), &renew_token);
    rd_kafka_conf_enable_sasl_queue(conf.get(), 1);
  }
  std::unique_ptr<Client> client(new Client());
  client->client_ = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (client->client_ == nullptr) {
    return Error{ErrorCode::kConfigInvalid, std::string("making a Kafka client: ") + why.data()};
  }
  static_cast<void>(conf.release());  // it is the client's
  if (*tokens) {                      // in the background: not every client is polled
    if (const ErrorObject error(rd_kafka_sasl_background_callbacks_enable(client->client_));
        error != nullptr) {
      return Error{ErrorCode::kConfigInvalid,
                   std::string("making a Kafka client: ") + rd_kafka_error_string(error.get())};
    }
  }
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client->client_);
  return client;
}

Client::~Client() {
  if (client_ == nullptr) return;
  // It tells what it has not finished, and whom it tells may be gone by then.
  rd_kafka_set_log_level(client_, 0);
  destroy(client_, std::move(kept_));
}

Settings consumer_settings(const ClientBase& base, bool committed_only) {
  return {{"group.id", base.options.cluster},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "error"},
          {"isolation.level", committed_only ? "read_committed" : "read_uncommitted"},
          {"enable.partition.eof", "true"},
          {"fetch.min.bytes", "1"},
          {"fetch.wait.max.ms", "5"},
          {"fetch.error.backoff.ms", "10"},
          {"queued.min.messages", "10000"}};
}

Settings input_settings(const ClientBase& base) {
  Settings out = consumer_settings(base, true);
  // Later ones count. Records that trickle in wait for each other a little: an answer of the broker
  // for each batch that somebody appended costs both sides more than the records do. When as much
  // as the last two say is there, of all its topics together, nothing is fetched, and the client
  // (2.0.2) looks again after up to a second: it has to be more than what is handled in one.
  out.insert(out.end(), {{"fetch.wait.max.ms", "10"},
                         {"fetch.min.bytes", "65536"},
                         {"queued.min.messages", "200000"},
                         {"queued.max.messages.kbytes", "131072"}});
  return out;
}

TopicHandle known_topic(Client& client, const std::string& topic, const Deadline& deadline) {
  TopicHandle handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(client.get(), 0, handle.get(), &metadata, deadline.left_ms()) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }
  return handle;
}

void nudge(Client& client, const std::string& topic, const Deadline& deadline) {
  static_cast<void>(known_topic(client, topic, deadline.within(kNudgeWithin)));
}

void ask_for_topics(Client& client, const Deadline& deadline) {
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(client.get(), 0, nullptr, &metadata, deadline.left_ms()) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }
}

std::string text_of(rd_kafka_resp_err_t code) {
  return std::string(rd_kafka_err2str(code)) + " (" + rd_kafka_err2name(code) + ")";
}

Error unavailable(std::string_view doing, rd_kafka_resp_err_t code) {
  return {ErrorCode::kUnavailable, "Kafka, " + std::string(doing) + ": " + text_of(code)};
}

int Deadline::left_ms(Milliseconds most) const {
  const auto left = std::chrono::duration_cast<Milliseconds>(at_ - Clock::now());
  return static_cast<int>(std::clamp(left, Milliseconds(1), most).count());
}

}  // namespace laurel::adapters::kafka
