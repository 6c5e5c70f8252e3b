/// EventBuilder: fills the envelope and the message of one event, whatever the format, and makes
/// its keys and canonical bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event_schema.h"
#include "laurel/contract/event.pb.h"
#include "laurel/contract/int128.h"
#include "laurel/runtime/event.h"
#include "reject.h"

namespace laurel::adapters::formats {

/// [A-Za-z0-9._~:-]{1,64}
bool is_player_id(std::string_view text);

/// Sets or, if the field is repeated, adds. REQUIRES: the field's kind is an integer one.
bool set_integer(const FieldSchema& field, Int128 value, google::protobuf::Message& message,
                 Reject& reject);
/// REQUIRES: kString or kEnum.
bool set_text(const FieldSchema& field, std::string_view text, google::protobuf::Message& message,
              Reject& reject);
/// REQUIRES: kBool.
void set_bool(const FieldSchema& field, bool value, google::protobuf::Message& message);
/// Every required field is in `seen`: missing-field otherwise.
bool check_required(const MessageSchema& schema, const FieldSet& seen, Reject& reject);

/// Checks what every event must have and sets keys and canonical bytes of `event`.
/// The members of the envelope that are texts and the data were set before; all on the arena.
bool finish_event(const EventSchema& schema, const DecoderOptions& options,
                  contract::Envelope& envelope, bool has_time,
                  const google::protobuf::Message& data, google::protobuf::Arena& arena,
                  runtime::Event& event, Reject& reject);

/// Too long to look at: sets reject_code and returns true.
bool reject_size(const runtime::RawRecord& record, runtime::Event& event);
/// Moves the reason into the event; what is known of the envelope stays, the rest is cleared.
void set_rejected(const Reject& reject, contract::Envelope* envelope, runtime::Event& event);

}  // namespace laurel::adapters::formats
