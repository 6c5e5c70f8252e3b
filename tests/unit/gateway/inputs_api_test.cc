// /v1/inputs over HTTP.
#include "unit/gateway/http_server_fixture.h"

namespace laurel::gateway {
namespace {

class InputsApi : public HttpServerTest {
 protected:
  InputsApi() {
    node_.node_inputs = {{"wagers", 0, 10, 12, 0, false, {}},
                         {"wagers", 1, 7, 3, 2, true, "it holds offsets 0 to 3"}};
    start();
  }
  RawReply accept(const std::string& which, std::string_view body) {
    return ask("POST", "/v1/inputs/" + which + ":accept-loss", "application/json", body);
  }
};

TEST_F(InputsApi, ShowsHowEachStands) {
  const auto reply = ask("GET", "/v1/inputs");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      reply.body,
      R"({"inputs":[{"topic":"wagers","partition":0,"next":"10","end":"12","lag":"2",)"
      R"("generation":0,"halted":false},{"topic":"wagers","partition":1,"next":"7","end":"3",)"
      R"("lag":"0","generation":2,"halted":true,"why":"it holds offsets 0 to 3"}]})");
}

TEST_F(InputsApi, ALossIsAcceptedBySomebodyForAReason) {
  EXPECT_EQ(accept("wagers/1", R"({"by": "kim", "reason": "retention"})").status, 200);
  ASSERT_EQ(node_.losses.size(), 1);
  EXPECT_EQ(node_.losses[0].topic, "wagers");
  EXPECT_EQ(node_.losses[0].partition, 1);
  EXPECT_EQ(node_.losses[0].by, "kim");
  EXPECT_EQ(node_.losses[0].reason, "retention");
  EXPECT_EQ(accept("wagers/9", R"({"by": "kim", "reason": "retention"})").status, 404);
}

TEST_F(InputsApi, WhatIsNotSaidInFullIsRefused) {
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string(R"({"by": "kim"})"),
        std::string(R"({"by": "", "reason": "r"})"), std::string(R"({"by": "kim", "reason": 7})"),
        std::string(R"({"by": "kim", "reason": "r", "force": true})"),
        R"({"by": "kim", "reason": ")" + std::string(1001, 'r') + "\"}"}) {
    EXPECT_EQ(accept("wagers/1", body).status, 400) << body;
  }
  for (const char* which : {"wagers/x", "wagers/-1", "wagers/99999999999999999999"}) {
    EXPECT_EQ(accept(which, R"({"by": "kim", "reason": "r"})").status, 404) << which;
  }
  EXPECT_TRUE(node_.losses.empty());
}

}  // namespace
}  // namespace laurel::gateway
