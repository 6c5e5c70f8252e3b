// CloudEvents in protobuf: what io.cloudevents.v1.CloudEvent says, and that it is checked like
// JSON.
#include <gtest/gtest.h>

#include "decoded.h"
#include "laurel/adapters/formats/cloud_events_decoder.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/cloud_events.pb.h"

namespace laurel::adapters::formats {
namespace {

using io::cloudevents::v1::CloudEvent;

constexpr std::int64_t kNow = 1771264800'000'000;  // 2026-02-16T18:00:00Z
constexpr const char* kData =
    R"({"tx_id":"t1","stake_total":{"units":"100","asset":"EUR","scale":2}})";

class ProtobufEvents : public ::testing::Test {
 protected:
  static std::shared_ptr<const runtime::Decoder> make() {
    DecoderOptions options;
    options.now_us = [] { return kNow; };
    options.asset_scales = {{"EUR", 2}};
    return make_cloud_events_decoder(runtime::contract_event_types(), options);
  }
  static contract::WagerSettled wager() {
    contract::WagerSettled out;
    out.set_tx_id("t1");
    *out.mutable_stake_total() = contract::make_amount(100, "EUR", 2);
    return out;
  }
  static void set_text(CloudEvent& event, const std::string& name, const std::string& value) {
    (*event.mutable_attributes())[name].set_ce_string(value);
  }
  /// Without data.
  static CloudEvent envelope() {
    CloudEvent out;
    out.set_id("e1");
    out.set_source("urn:x");
    out.set_spec_version("1.0");
    out.set_type("laurel.wager.settled.v1");
    set_text(out, "subject", "p1");
    (*out.mutable_attributes())["time"].mutable_ce_timestamp()->set_seconds(1771261200);
    return out;
  }
  static CloudEvent event() {
    CloudEvent out = envelope();
    out.set_text_data(kData);
    return out;
  }
  Decoded decode(std::string_view bytes,
                 runtime::Encoding encoding = runtime::Encoding::kProtobuf) const {
    runtime::RawRecord record{bytes, 1, bytes.size(), false};
    record.encoding = encoding;
    return formats::decode(*decoder_, record);
  }
  Decoded decode(const CloudEvent& event) const { return decode(event.SerializeAsString()); }
  /// Code and detail of a good event after `change`.
  template <class Change>
  std::string why(const Change& change) const {
    CloudEvent changed = event();
    change(changed);
    const auto out = decode(changed);
    return out.code() + " " + out.event.reject_detail;
  }

  std::shared_ptr<const runtime::Decoder> decoder_ = make();
};

TEST_F(ProtobufEvents, SayTheSameAsJsonInEveryFormOfData) {
  const std::string json = std::string(R"({"specversion":"1.0","id":"e1","source":"urn:x",)") +
                           R"("type":"laurel.wager.settled.v1","subject":"p1",)" +
                           R"("time":"2026-02-16T17:00:00Z","data":)" + kData + "}";
  const auto wanted = decode(json, runtime::Encoding::kText);
  ASSERT_EQ(wanted.code(), "");
  std::vector<CloudEvent> all(5, envelope());
  all[0].set_text_data(kData);
  all[1].set_binary_data(kData);
  all[2].set_binary_data(kData);
  set_text(all[2], "datacontenttype", "application/JSON; charset=utf-8");
  all[3].set_binary_data(wager().SerializeAsString());
  set_text(all[3], "datacontenttype", "application/protobuf");
  all[4].mutable_proto_data()->PackFrom(wager());
  for (const CloudEvent& each : all) {
    const auto out = decode(each);
    ASSERT_EQ(out.code(), "") << out.event.reject_detail << each.DebugString();
    EXPECT_EQ(out.event.canonical, wanted.event.canonical) << each.DebugString();
    EXPECT_EQ(out.event.natural_key, wanted.event.natural_key);
    EXPECT_EQ(out.event.routing_key, "p1");
  }
}

TEST_F(ProtobufEvents, AttributesOfEveryKindAreTakenOrKept) {
  CloudEvent in = event();
  auto& attributes = *in.mutable_attributes();
  attributes["time"].mutable_ce_timestamp()->set_nanos(123'456'789);
  set_text(in, "recordedtime", "2026-02-16T17:30:00Z");
  attributes["sequence"].set_ce_integer(7);
  attributes["dataschema"].set_ce_uri("s/1");
  attributes["partitionkey"].set_ce_uri_ref("p");
  attributes["b"].set_ce_boolean(true);
  attributes["a"].set_ce_integer(-1);
  attributes["d"].set_ce_bytes("\xff");
  attributes["c"].set_ce_string("\"");
  attributes["e"].mutable_ce_timestamp()->set_seconds(-1);
  const auto out = decode(in);
  ASSERT_EQ(out.code(), "") << out.event.reject_detail;
  EXPECT_EQ(out.envelope().time_us(), 1771261200'123'456);
  EXPECT_EQ(out.envelope().recorded_time_us(), 1771263000'000'000);
  EXPECT_EQ(out.envelope().sequence(), 7U);
  EXPECT_EQ(out.envelope().data_schema(), "s/1");
  EXPECT_EQ(out.envelope().partition_key(), "p");
  EXPECT_EQ(out.envelope().unknown_json(),
            R"({"a":-1,"b":true,"c":"\"","d":"/w==","e":"1969-12-31T23:59:59Z"})");
  // A field of a later version of the format.
  const auto later = decode(event().SerializeAsString() + std::string("\xfa\x3e\x03new", 6));
  EXPECT_EQ(later.envelope().unknown_json(), R"({"unknown_fields":"+j4DbmV3"})");
}

TEST_F(ProtobufEvents, AreCheckedLikeJson) {
  using E = CloudEvent;
  EXPECT_EQ(why([](E& e) { e.clear_id(); }), "missing-field id: is required");
  EXPECT_EQ(why([](E& e) { e.clear_type(); }), "missing-field type: is required");
  EXPECT_EQ(why([](E& e) { e.clear_data(); }), "missing-field data.tx_id: is required");
  EXPECT_EQ(why([](E& e) { e.mutable_attributes()->erase("time"); }),
            "missing-field time: is required");
  EXPECT_EQ(why([](E& e) { e.set_type("x"); }).substr(0, 24), "unknown-event-type type:");
  EXPECT_EQ(why([](E& e) { e.set_spec_version("2.0"); }).substr(0, 10), "wrong-type");
  EXPECT_EQ(why([](E& e) { set_text(e, "subject", "a b"); }).substr(0, 13), "bad-player-id");
  EXPECT_EQ(why([](E& e) { e.set_id(std::string("a\0", 2)); }),
            "nul-byte id: the text holds a NUL");
  EXPECT_EQ(why([](E& e) { set_text(e, std::string("a\0", 2), ""); }).substr(0, 8), "nul-byte");
  EXPECT_EQ(why([](E& e) { set_text(e, "x", std::string("\0", 1)); }).substr(0, 8), "nul-byte");
  EXPECT_EQ(why([](E& e) { set_text(e, "sequence", "-1"); }).substr(0, 10), "wrong-type");
  EXPECT_EQ(why([](E& e) { set_text(e, "sequence", "x"); }).substr(0, 10), "wrong-type");
  EXPECT_EQ(why([](E& e) { (*e.mutable_attributes())["subject"].set_ce_integer(1); }),
            "wrong-type subject: has to be text");
  EXPECT_EQ(why([](E& e) { (*e.mutable_attributes())["x"].clear_attr(); }).substr(0, 20),
            "malformed-protobuf x");
  EXPECT_EQ(why([](E& e) { set_text(e, "id", "e2"); }).substr(0, 22), "malformed-protobuf id:");
  EXPECT_EQ(why([](E& e) { set_text(e, "time", "today"); }).substr(0, 8), "bad-time");
  for (const std::int64_t seconds :
       {std::int64_t{-1}, std::int64_t{7258118400}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(why([&](E& e) {
                (*e.mutable_attributes())["time"].mutable_ce_timestamp()->set_seconds(seconds);
              }).substr(0, 8),
              "bad-time");
  }
  EXPECT_EQ(why([](E& e) {
              (*e.mutable_attributes())["x"].mutable_ce_timestamp()->set_nanos(-1);
            }).substr(0, 8),
            "bad-time");
  EXPECT_EQ(why([](E& e) { e.set_text_data(std::string(70'000, ' ')); }).substr(0, 15),
            "event-too-large");
}

TEST_F(ProtobufEvents, DataOfAnotherKindIsRefused) {
  using E = CloudEvent;
  EXPECT_EQ(why([](E& e) { e.set_text_data("{}"); }), "missing-field data.tx_id: is required");
  EXPECT_EQ(why([](E& e) { e.set_text_data("{} {}"); }).substr(0, 14), "missing-field ");
  EXPECT_EQ(why([](E& e) { e.set_text_data(std::string(kData) + " x"); }).substr(0, 20),
            "malformed-json data:");
  EXPECT_EQ(
      why([](E& e) { e.set_text_data(std::string(kData) + ",\"id\":\"e2\"}"); }).substr(0, 14),
      "malformed-json");
  EXPECT_EQ(why([](E& e) { e.set_binary_data("\xff"); }).substr(0, 12), "invalid-utf8");
  EXPECT_EQ(why([](E& e) { set_text(e, "datacontenttype", "text/xml"); }).substr(0, 16),
            "wrong-type data:");
  EXPECT_EQ(why([](E& e) { set_text(e, "datacontenttype", "application/protobuf"); }).substr(0, 10),
            "wrong-type");  // as text
  EXPECT_EQ(why([](E& e) {
              set_text(e, "datacontenttype", "application/protobuf");
              e.set_binary_data("no message");
            }).substr(0, 18),
            "malformed-protobuf");
  EXPECT_EQ(
      why([](E& e) { e.mutable_proto_data()->PackFrom(contract::WagerVoided()); }).substr(0, 16),
      "wrong-type data:");
  EXPECT_EQ(why([](E& e) { e.mutable_proto_data(); }).substr(0, 16), "wrong-type data:");
  for (const std::string& bytes :
       {std::string("no event"), std::string(kData), std::string("\x0a\x09"),
        std::string("\x0a\x01\xff"), std::string(1000, '\x0b')}) {
    EXPECT_EQ(decode(bytes).code(), "malformed-protobuf") << bytes;
  }
  EXPECT_EQ(decode(std::string()).code(), "missing-field");
  EXPECT_EQ(decode(event().SerializeAsString(), runtime::Encoding::kText).code(), "malformed-json");
}

}  // namespace
}  // namespace laurel::adapters::formats
