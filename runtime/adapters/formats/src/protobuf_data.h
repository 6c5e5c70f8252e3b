/// ProtobufData: the data of an event that came as protobuf, as the JSON that says the same. So
/// whatever an event came as, one decoder checks it.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "event_schema.h"
#include "reject.h"

namespace laurel::adapters::formats {

/// `bytes`: a serialized message of the prototype's type. What no field is for is kept under
/// `unknown_fields`, in base64. Fields with their type's default value count as missing, numbers
/// apart. malformed-protobuf, event-too-large: as JSON it is.
bool json_of_protobuf(std::string_view bytes, const google::protobuf::Message& prototype,
                      const MessageSchema& schema, std::string& json, Reject& reject);

}  // namespace laurel::adapters::formats
