#include "json_render.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "laurel/contract/amount.h"
#include "laurel/contract/event.pb.h"
#include "laurel/contract/outputs.pb.h"
#include "laurel/contract/wager.pb.h"

namespace laurel::gateway::internal {
namespace {

std::string rendered(const google::protobuf::Message& message) {
  return boost::json::serialize(render(message));
}

TEST(JsonRender, PrintsAmountsExactlyAtBothEnds) {
  contract::BalanceChanged message;
  message.set_player("p");
  *message.mutable_balance() = contract::make_amount(kInt128Min, "PTS", 0);
  EXPECT_EQ(rendered(message),
            "{\"player\":\"p\",\"balance\":{\"units\":\"-170141183460469231731687303715884105728\","
            "\"asset\":\"PTS\",\"scale\":0},\"ledger_sequence\":\"0\"}");
}

TEST(JsonRender, PrintsHashesAsHexAndTimesByName) {
  contract::PointsPosted posted;
  posted.set_entry_hash("\x01\xff");
  EXPECT_NE(rendered(posted).find("\"entry_hash\":\"01ff\""), std::string::npos);
  EXPECT_EQ(rendered(posted).find("\"delta\""), std::string::npos);
  contract::Envelope envelope;
  envelope.set_time_us(1);
  EXPECT_NE(rendered(envelope).find("\"time\":\"1970-01-01T00:00:00.000001Z\""), std::string::npos);
  envelope.set_time_us(INT64_MAX);
  EXPECT_NE(rendered(envelope).find("\"time_us\":\"9223372036854775807\""), std::string::npos);
}

TEST(JsonRender, PrintsRawAsTextWhenItIsText) {
  contract::DeadLetter letter;
  letter.set_raw("{\"a\":");
  EXPECT_NE(rendered(letter).find("\"raw\":\"{\\\"a\\\":\""), std::string::npos);
  letter.set_raw("\xff");
  EXPECT_NE(rendered(letter).find("\"raw_base64\":\"/w==\""), std::string::npos);
  EXPECT_EQ(rendered(letter).find("\"raw\":"), std::string::npos);
  letter.set_raw("text?");
  letter.set_content_type("application/cloudevents+protobuf");
  EXPECT_NE(rendered(letter).find("\"raw_base64\":\"dGV4dD8=\""), std::string::npos);
  EXPECT_EQ(rendered(letter).find("\"raw\":"), std::string::npos);
}

TEST(JsonRender, PrintsDefaultsAndLists) {
  contract::WagerSettled wager;
  wager.add_place_tx_ids("a");
  const std::string text = rendered(wager);
  EXPECT_NE(text.find("\"place_tx_ids\":[\"a\"]"), std::string::npos);
  EXPECT_NE(text.find("\"settle_no\":0"), std::string::npos);
  EXPECT_NE(text.find("\"is_test\":false"), std::string::npos);
}

}  // namespace
}  // namespace laurel::gateway::internal
