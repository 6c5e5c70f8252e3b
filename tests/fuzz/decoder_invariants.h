/// What holds for every record, whatever the bytes: it is rejected, or it is complete.
#pragma once

#include <string_view>

#include "laurel/contract/event.pb.h"
#include "laurel/runtime/errors.h"
#include "laurel/runtime/event.h"

namespace laurel::fuzz {

inline void check_decoded(const runtime::Decoder& decoder, std::string_view bytes,
                          runtime::Encoding encoding = runtime::Encoding::kText) {
  google::protobuf::Arena arena;
  runtime::Event event;
  runtime::RawRecord record{bytes, 1, bytes.size(), false};
  record.encoding = encoding;
  decoder.decode(record, arena, event);
  if (!event.reject_code.empty()) {
    LAUREL_ASSERT(!event.reject_detail.empty() && event.reject_detail.size() < 4096);
    LAUREL_ASSERT(event.natural_key.empty() && event.routing_key.empty());
    LAUREL_ASSERT(event.canonical.empty() && event.data == nullptr);
    // It goes into a text of the dead letter: protobuf refuses what is not UTF-8.
    contract::Envelope text;
    text.set_id(event.reject_detail);
    LAUREL_ASSERT(contract::Envelope().ParseFromString(text.SerializeAsString()));
    return;
  }
  LAUREL_ASSERT(event.envelope != nullptr && event.data != nullptr);
  LAUREL_ASSERT(!event.natural_key.empty() && !event.routing_key.empty());
  LAUREL_ASSERT(event.routing_key.find('\0') == std::string::npos);
  contract::Event canonical;
  LAUREL_ASSERT(canonical.ParseFromString(std::string(event.canonical)));
  LAUREL_ASSERT(canonical.SerializeAsString() == event.canonical);
  LAUREL_ASSERT(canonical.data() == event.data->SerializeAsString());
  LAUREL_ASSERT(canonical.envelope().SerializeAsString() == event.envelope->SerializeAsString());
}

}  // namespace laurel::fuzz
