#include "link.h"

#include <algorithm>
#include <optional>

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Status;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kAsk{200};  // twice as long each time: a broker may be far away, or slow
constexpr Milliseconds kAskMost{3000};
// A broker that stops in the middle of a handshake looks like one that refuses: it has to go on.
constexpr Milliseconds kRefusesFor{3000};
constexpr Milliseconds kTellAfter{5000};
// Older ones send a wrong nonce, which Kafka 4 does not take (librdkafka pull request 4895).
constexpr int kScramWithKafka4 = 0x020601ff;

bool refuses(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL ||
         code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM;
}

std::string property(const ClientBase& base, std::string_view name) {
  std::string out;
  for (const auto& [key, value] : base.options.client) {
    if (key == name) out = value;
  }
  return out;
}

// Without what differs each time.
std::string reason(const char* text) {
  std::string out(text);
  return out.substr(0, out.rfind(" (after "));
}

std::string advice(const ClientBase& base, rd_kafka_resp_err_t code, const std::string& why) {
  if (code == RD_KAFKA_RESP_ERR__SSL) {
    return "check security.protocol, ssl.ca.location and that the broker's certificate is for the "
           "name in kafka.bootstrap";
  }
  std::string out = "check sasl.mechanisms, sasl.username and sasl.password";
  const std::string mechanisms =
      property(base, "sasl.mechanisms") + property(base, "sasl.mechanism");
  if (mechanisms.find("SCRAM") != std::string::npos &&
      why.find("credentials") != std::string::npos && rd_kafka_version() < kScramWithKafka4) {
    out += std::string("; librdkafka ") + rd_kafka_version_str() +
           " cannot do SCRAM with Kafka 4: take 2.6.1 or newer, or PLAIN over TLS";
  }
  return out;
}

}  // namespace

bool lacks_right(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

Error refused_or_away(std::string_view doing, rd_kafka_resp_err_t code, const Right& right) {
  if (!lacks_right(code)) return unavailable(doing, code);
  return {ErrorCode::kConfigInvalid, "Kafka, " + std::string(doing) + ": " + text_of(code) +
                                         ": the node's user needs " + right.operation + " on " +
                                         right.resource + " " + std::string(right.name) +
                                         "; tools/kafka/acls.py tells all that a node needs"};
}

Status check_link(const ClientBase& base, const Deadline& deadline) {
  auto client = Client::make(RD_KAFKA_PRODUCER, base, {}, RD_KAFKA_EVENT_ERROR);
  if (!client.ok()) return client.error();
  const Queue events(rd_kafka_queue_get_main((*client)->get()));
  const std::string protocol = property(base, "security.protocol");
  const std::string hint = "; if it is up, check its port and security.protocol, now " +
                           (protocol.empty() ? "plaintext" : protocol);
  std::string last = "connections are closed, or not answered";
  const auto began = Clock::now();
  bool told = false;
  std::optional<Clock::time_point> refused_at;
  std::string refusal;
  for (Milliseconds ask = kAsk;; ask = std::min(ask * 2, kAskMost)) {
    const struct rd_kafka_metadata* metadata = nullptr;
    if (rd_kafka_metadata((*client)->get(), 0, nullptr, &metadata, deadline.left_ms(ask)) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      return {};
    }
    while (const Event event{rd_kafka_queue_poll(events.get(), 0)}) {
      const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
      if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR ||
          code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        continue;
      }
      last = reason(rd_kafka_event_error_string(event.get()));
      if (!refuses(code)) continue;
      if (!refused_at) refused_at = Clock::now();
      refusal = last + "; " + advice(base, code, last) + " (kafka.client_file)";
    }
    if (refused_at && Clock::now() - *refused_at >= kRefusesFor) {
      return Error{ErrorCode::kConfigInvalid, "the Kafka brokers at " + base.options.bootstrap +
                                                  " do not take this node in: " + refusal};
    }
    const std::string silence =
        "no Kafka broker at " + base.options.bootstrap + " answers: " + last + hint;
    if (deadline.passed()) return Error{ErrorCode::kUnavailable, silence};
    if (!told && Clock::now() - began >= kTellAfter) {
      base.say(true, silence + "; it is tried again");
      told = true;
    }
  }
}

}  // namespace laurel::adapters::kafka
