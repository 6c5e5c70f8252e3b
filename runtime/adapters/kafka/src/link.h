/// Link: whether brokers take us, and what an operator has to hear when they do not.
///
/// Why        librdkafka tries again for ever whatever is wrong, and what waits is told "timed
/// out".
///            A wrong password or certificate has to end a start with its reason, and a right that
///            is missing has to be named.
/// Errors     kConfigInvalid: by what is configured here or there; trying again does not help.
///            kUnavailable: it may.
#pragma once

#include <string>
#include <string_view>

#include "client.h"

namespace laurel::adapters::kafka {

/// A right on the broker, as kafka-acls.sh has it.
struct Right {
  const char* operation;  ///< Read, Write, Create
  const char* resource;   ///< topic, group, transactional id
  std::string_view name;
};

/// Whether the broker says that this user may not do that.
bool lacks_right(rd_kafka_resp_err_t code);
/// kConfigInvalid with the right when that is what is missing, else kUnavailable.
runtime::Error refused_or_away(std::string_view doing, rd_kafka_resp_err_t code,
                               const Right& right);

/// Waits until a broker has taken us in. Errors: kConfigInvalid (TLS or SASL: no broker does, and
/// why), kUnavailable (none answers in time, and what was the matter last).
runtime::Status check_link(const ClientBase& base, const Deadline& deadline);

}  // namespace laurel::adapters::kafka
