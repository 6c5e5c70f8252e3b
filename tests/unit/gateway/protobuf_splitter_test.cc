#include "protobuf_splitter.h"

#include <gtest/gtest.h>

#include "laurel/contract/cloud_events.pb.h"

namespace laurel::gateway::internal {
namespace {

using io::cloudevents::v1::CloudEvent;
using io::cloudevents::v1::CloudEventBatch;

std::string event(const std::string& id) {
  CloudEvent out;
  out.set_id(id);
  out.set_text_data("{\"id\":\"no\"}");
  return out.SerializeAsString();
}

TEST(ProtobufSplitter, GivesTheBytesOfEachEvent) {
  CloudEventBatch batch;
  const std::vector<std::string> events = {event("a"), "", event("b")};
  for (const std::string& each : events) ASSERT_TRUE(batch.add_events()->ParseFromString(each));
  // A field of a later version, between them.
  const std::string bytes = batch.SerializeAsString() + "\xa2\x06\x01x" + batch.SerializeAsString();
  const auto split = split_protobuf_batch(bytes, 10);
  EXPECT_EQ(split.error, "");
  ASSERT_EQ(split.elements.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(split.elements[i], events[i % 3]);
  EXPECT_TRUE(split_protobuf_batch("", 10).elements.empty());
}

TEST(ProtobufSplitter, RefusesWhatIsNoMessage) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"\x0a"sv, "\x0a\x05"sv,
                                      "\x0a\x05"
                                      "abc"sv,
                                      "\x0a\xff\xff\xff\xff\x0f"sv, "\x0a\x80"sv,
                                      "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv,
                                      "\x00"sv, "[1]"sv, "\x0c"sv, "\x0b\x0a\x00"sv}) {
    EXPECT_NE(split_protobuf_batch(text, 10).error, "") << text;
    EXPECT_EQ(protobuf_id(text, 10).size() > 10, false);
  }
  EXPECT_NE(split_protobuf_batch(std::string(1'000'000, '\x0b'), 10).error,
            "");  // groups in groups
}

TEST(ProtobufSplitter, StopsAtTheBound) {
  EXPECT_FALSE(split_protobuf_batch(std::string_view("\x0a\0\x0a\0", 4), 2).too_many);
  const auto split = split_protobuf_batch(std::string_view("\x0a\0\x0a\0\x0a\0", 6), 2);
  EXPECT_TRUE(split.too_many);
  EXPECT_EQ(split.elements.size(), 2U);
}

TEST(ProtobufSplitter, FindsTheId) {
  EXPECT_EQ(protobuf_id(event("yes"), 10), "yes");
  EXPECT_EQ(protobuf_id(event("no") + event("yes"), 10), "yes");
  EXPECT_EQ(protobuf_id(event("too long"), 3), "");
  EXPECT_EQ(protobuf_id("\x0a\x01\xff", 3), "");
  EXPECT_EQ(protobuf_id("", 3), "");
}

}  // namespace
}  // namespace laurel::gateway::internal
