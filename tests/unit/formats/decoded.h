/// Decoded: one record through a decoder, with the arena that its messages live on.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "laurel/contract/event.pb.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/runtime/event.h"

namespace laurel::adapters::formats {

struct Decoded {
  std::unique_ptr<google::protobuf::Arena> arena = std::make_unique<google::protobuf::Arena>();
  runtime::Event event;

  std::string code() const { return event.reject_code; }
  const contract::Envelope& envelope() const { return *event.envelope; }
  const contract::WagerSettled& settled() const {
    return dynamic_cast<const contract::WagerSettled&>(*event.data);
  }
};

/// What holds for every record, whatever the bytes.
inline void check_invariants(const runtime::Event& event) {
  if (!event.reject_code.empty()) {
    EXPECT_FALSE(event.reject_detail.empty());
    EXPECT_TRUE(event.natural_key.empty() && event.routing_key.empty() && event.canonical.empty());
    EXPECT_EQ(event.data, nullptr);
    return;
  }
  ASSERT_NE(event.envelope, nullptr);
  ASSERT_NE(event.data, nullptr);
  EXPECT_FALSE(event.natural_key.empty());
  EXPECT_FALSE(event.routing_key.empty());
  contract::Event canonical;
  ASSERT_TRUE(canonical.ParseFromString(std::string(event.canonical)));
  EXPECT_EQ(canonical.envelope().SerializeAsString(), event.envelope->SerializeAsString());
  EXPECT_EQ(canonical.data(), event.data->SerializeAsString());
  EXPECT_EQ(canonical.SerializeAsString(), event.canonical);
}

inline Decoded decode(const runtime::Decoder& decoder, const runtime::RawRecord& record) {
  Decoded out;
  decoder.decode(record, *out.arena, out.event);
  check_invariants(out.event);
  return out;
}

inline Decoded decode(const runtime::Decoder& decoder, std::string_view bytes) {
  return decode(decoder, runtime::RawRecord{bytes, 1, bytes.size(), false});
}

}  // namespace laurel::adapters::formats
