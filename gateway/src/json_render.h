/// Protobuf messages as the JSON of the API, by reflection.
///
///     64-bit integers   strings; if the name ends in _us, RFC 3339 under the name without it
///     contract.Amount   {"units": "-123", "asset": "PTS", "scale": 0}
///     bytes             hex if the name ends in hash, commitment or salt, else base64;
///                       `raw` is text if it is valid UTF-8 and no `content_type` says what else it
///                       is, and otherwise base64 under `raw_base64`
///     enums             by name
///
/// Fields with a default value are printed; messages and optional fields that are not set are not.
#pragma once

#include <google/protobuf/message.h>
#include <boost/json/value.hpp>

#include "laurel/contract/amount.pb.h"

namespace laurel::gateway::internal {

boost::json::object render(const google::protobuf::Message& message);
boost::json::object render_amount(const contract::Amount& amount);

}  // namespace laurel::gateway::internal
