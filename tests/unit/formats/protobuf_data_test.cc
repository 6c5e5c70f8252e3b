// Events in JSON whose data is protobuf.
#include <string>

#include "cloud_events_fixture.h"
#include "laurel/contract/amount.h"

namespace laurel::adapters::formats {
namespace {

class ProtobufData : public CloudEvents {
 protected:
  static contract::WagerSettled wager() {
    contract::WagerSettled out;
    out.set_tx_id("t1");
    *out.mutable_stake_total() = contract::make_amount(100, "EUR", 2);
    return out;
  }
  static std::string base64(std::string_view bytes) {
    static const char* const digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      unsigned group = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        group =
            group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
      }
      for (std::size_t i = 0; i < 4; ++i) {
        out += at + i > bytes.size() ? '=' : digits[group >> (18 - 6 * i) & 63];
      }
    }
    return out;
  }
  static std::string event_of(const std::string& data,
                              const std::string& type = "application/protobuf") {
    return R"({"specversion":"1.0","id":"e1","source":"urn:x","type":"laurel.wager.settled.v1",)"
           R"("subject":"p1","time":"2026-02-16T17:00:00Z","data_base64":")" +
           data + R"(","datacontenttype":")" + type + "\"}";
  }
  std::string code_of(const std::string& text) const { return decode(text).code(); }
};

TEST_F(ProtobufData, SaysTheSameAsJson) {
  contract::WagerSettled full = wager();
  full.set_game_id("a \"game\"");
  full.mutable_win_total()->CopyFrom(contract::make_amount(Int128{1} << 100, "ETH", 18));
  const auto result = decode(event_of(base64(full.SerializeAsString())));
  ASSERT_EQ(result.code(), "");
  EXPECT_EQ(result.settled().SerializeAsString(), full.SerializeAsString());
  const auto json = decode(event(kGood));
  const auto same = decode(event_of(base64(wager().SerializeAsString())));
  EXPECT_EQ(same.event.canonical, json.event.canonical);
  EXPECT_EQ(same.event.natural_key, json.event.natural_key);
}

TEST_F(ProtobufData, IsCheckedLikeJson) {
  const auto code = [this](const auto& change) {
    contract::WagerSettled changed = wager();
    change(changed);
    return code_of(event_of(base64(changed.SerializeAsString())));
  };
  using Wager = contract::WagerSettled;
  EXPECT_EQ(code([](Wager& w) { w.clear_tx_id(); }), "missing-field");
  EXPECT_EQ(code([](Wager& w) { w.clear_stake_total(); }), "missing-field");
  EXPECT_EQ(code([](Wager& w) { w.set_tx_id(std::string("t\0x", 3)); }), "nul-byte");
  EXPECT_EQ(code([](Wager& w) { w.mutable_stake_total()->set_scale(3); }), "scale-mismatch");
  EXPECT_EQ(code([](Wager& w) { w.mutable_stake_total()->set_scale(99); }), "bad-amount");
  EXPECT_EQ(code([](Wager& w) { *w.mutable_stake_total() = contract::make_amount(-1, "EUR", 2); }),
            "negative-amount");
  EXPECT_EQ(code([](Wager& w) { w.set_game_id(std::string(45'000, '\n')); }), "event-too-large");
}

TEST_F(ProtobufData, WhatIsNoneIsRefused) {
  const std::string good = base64(wager().SerializeAsString());
  for (const std::string& bad : {good.substr(1), good + "=", " " + good, "Q=Q=" + good,
                                 std::string("QQ==") + good, std::string("a")}) {
    EXPECT_EQ(code_of(event_of(bad)), "bad-base64") << bad;
  }
  EXPECT_EQ(code_of(event_of(base64("no message"))), "malformed-protobuf");
  EXPECT_EQ(code_of(event_of(base64("\x0a\x02\xff\xfe"))), "malformed-protobuf");  // UTF-8
  EXPECT_EQ(code_of(event_of("")), "missing-field");
  EXPECT_EQ(code_of(event_of(good, "application/json")), "wrong-type");
  std::string both = event(kGood);
  both.insert(1, "\"data_base64\":\"" + good + "\",\"datacontenttype\":\"application/protobuf\",");
  EXPECT_EQ(code_of(both), "malformed-json");
}

TEST_F(ProtobufData, FieldsOfALaterVersionAreKept) {
  std::string bytes = wager().SerializeAsString();
  bytes += std::string("\xfa\x3e\x03new", 6);  // field 1007, a text
  const auto result = decode(event_of(base64(bytes)));
  ASSERT_EQ(result.code(), "");
  EXPECT_EQ(result.envelope().unknown_json(), R"({"data":{"unknown_fields":"+j4DbmV3"}})");
}

}  // namespace
}  // namespace laurel::adapters::formats
