/// EventData: the data of one event, as JSON or as protobuf, into the message of its type.
///
/// Lifecycle  For one event; the message lives on the arena.
#pragma once

#include <string_view>

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include "event_schema.h"
#include "json.h"
#include "unknown_members.h"

namespace laurel::adapters::formats {

class EventData {
 public:
  EventData(const DecoderOptions& options, google::protobuf::Arena& arena)
      : options_(options), arena_(arena) {}

  /// Null: there was none yet.
  const google::protobuf::Message* message() const { return message_; }
  google::protobuf::Arena& arena() const { return arena_; }

  /// What no field is for is kept in `unknown` under `data`. Each of these once at most; a
  /// rejection's path begins within the data.
  bool read_object(ondemand::object& object, const EventSchema& schema, UnknownMembers& unknown,
                   Reject& reject);
  /// REQUIRES of these two: no JSON of this thread is being read.
  bool read_json(std::string_view json, const EventSchema& schema, UnknownMembers& unknown,
                 Reject& reject);
  bool read_protobuf(std::string_view bytes, const EventSchema& schema, UnknownMembers& unknown,
                     Reject& reject);
  /// Good if no field is required.
  bool read_nothing(const EventSchema& schema, Reject& reject);

 private:
  const DecoderOptions& options_;
  google::protobuf::Arena& arena_;
  google::protobuf::Message* message_ = nullptr;
};

/// too-deep, wrong-type.
bool open_value(ondemand::value& value, int depth, ondemand::object& object, Reject& reject);

}  // namespace laurel::adapters::formats
