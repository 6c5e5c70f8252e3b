// What requests are answered with.
#include <chrono>
#include <thread>

#include "laurel/contract/amount.h"
#include "laurel/contract/cloud_events.pb.h"
#include "unit/gateway/http_server_fixture.h"

namespace laurel::gateway {
namespace {

using std::chrono::milliseconds;

constexpr const char* kProtobufBatch = "application/cloudevents-batch+protobuf";

TEST_F(HttpServerTest, AnswersEachEventOfABatch) {
  start();
  const auto reply =
      ask("POST", "/v1/events", kBatch, "[{\"id\":\"a\"},{\"id\":\"a\"}, {\"id\":\"bad\"}]");
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body,
            "{\"accepted\":1,\"duplicate\":1,\"conflict\":0,\"rejected\":1,\"results\":["
            "{\"index\":0,\"id\":\"a\",\"status\":\"accepted\"},"
            "{\"index\":1,\"id\":\"a\",\"status\":\"duplicate\"},"
            "{\"index\":2,\"id\":\"bad\",\"status\":\"rejected\",\"reason\":\"malformed-json\","
            "\"detail\":\"it says bad\"}],\"position\":\"dw\"}");
}

TEST_F(HttpServerTest, TakesEventsInProtobuf) {
  start();
  io::cloudevents::v1::CloudEventBatch batch;
  for (const char* id : {"a", "b"}) batch.add_events()->set_id(id);
  const auto reply = ask("POST", "/v1/events", kProtobufBatch, batch.SerializeAsString());
  EXPECT_EQ(reply.status, 202);
  EXPECT_NE(reply.body.find(R"({"index":1,"id":"b","status":"accepted"})"), std::string::npos);
  const std::string one = batch.events(0).SerializeAsString();
  EXPECT_EQ(ask("POST", "/v1/events", "application/cloudevents+protobuf", one).status, 202);
  ASSERT_EQ(node_.records().size(), 3U);
  EXPECT_EQ(node_.records()[2].second, one);
  EXPECT_EQ(node_.encodings(), (std::vector(3, runtime::Encoding::kProtobuf)));
  EXPECT_EQ(ask("POST", "/v1/events", kProtobufBatch, "[{}]").status, 400);
  EXPECT_EQ(ask("POST", "/v1/events", "application/cloudevents+protobuf", "").status, 400);
  std::string many;
  for (int i = 0; i < 1001; ++i) many += std::string("\x0a\0", 2);
  EXPECT_EQ(ask("POST", "/v1/events", kProtobufBatch, many).status, 413);
  EXPECT_EQ(node_.records().size(), 3U);
}

TEST_F(HttpServerTest, AppliesNothingOfABatchThatIsNone) {
  start();
  EXPECT_EQ(ask("POST", "/v1/events", kBatch, "[{\"id\":1},").status, 400);
  EXPECT_EQ(ask("POST", "/v1/events", kBatch, "{}").status, 400);
  EXPECT_EQ(ask("POST", "/v1/events", kOne, " ").status, 400);
  EXPECT_EQ(ask("POST", "/v1/events", "text/plain", "{}").status, 415);
  std::string many = "[1";
  for (int i = 0; i < 1000; ++i) many += ",1";
  EXPECT_EQ(ask("POST", "/v1/events", kBatch, many + "]").status, 413);
  EXPECT_TRUE(node_.records().empty());
  EXPECT_EQ(ask("POST", "/v1/events", kBatch, "[]").status, 202);
}

TEST_F(HttpServerTest, RejectsAnEventThatIsTooLarge) {
  start();
  const auto reply = ask("POST", "/v1/events", kOne, "{\"x\":\"" + std::string(65536, 'x') + "\"}");
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(object(reply).at("rejected").as_int64(), 1);
  EXPECT_EQ(node_.records()[0].second.size(), 65536U);
}

TEST_F(HttpServerTest, SaysWhenTheOutcomeIsUnknownOrTheNodeIsFull) {
  node_.on_submit = [](std::shared_ptr<runtime::Submission> submission) -> runtime::Status {
    submission->results.resize(submission->records.size());
    submission->pending = 1;
    submission->finish_one();
    return {};
  };
  start();
  auto reply = ask("POST", "/v1/events", kOne, "{}");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(object(reply).at("code").as_string(), "outcome-unknown");
  node_.on_submit = [](std::shared_ptr<runtime::Submission>) -> runtime::Status {
    return runtime::Error{runtime::ErrorCode::kOverloaded, "full"};
  };
  reply = ask("POST", "/v1/events", kOne, "{}");
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.head.find("Retry-After: 1"), std::string::npos);
  EXPECT_EQ(object(reply).at("code").as_string(), "overloaded");
}

TEST_F(HttpServerTest, GivesUpOnASubmissionThatDoesNotEnd) {
  std::shared_ptr<runtime::Submission> kept;
  node_.on_submit = [&](std::shared_ptr<runtime::Submission> submission) -> runtime::Status {
    kept = std::move(submission);
    return {};
  };
  HttpOptions options;
  options.request_ms_max = 50;
  start(options);
  EXPECT_EQ(ask("POST", "/v1/events", kOne, "{}").status, 503);
  server_->stop(milliseconds(100));
  server_.reset();
  kept->done(*kept);  // after the server has gone: harmless
}

TEST_F(HttpServerTest, IngestsRecordsWithASession) {
  start();
  RawClient client(server_->port());
  EXPECT_EQ(client
                .ask("POST", "/v1/ingest/sessions", "application/json",
                     "{\"format\":\"csv\",\"mapping\":\"wrong\"}")
                .status,
            400);
  EXPECT_EQ(client.ask("POST", "/v1/ingest/sessions", "application/json", "{\"format\":1}").status,
            400);
  EXPECT_EQ(client.ask("POST", "/v1/ingest/sessions", "application/json", "[").status, 400);
  const auto created = client.ask("POST", "/v1/ingest/sessions", "application/json",
                                  "{\"format\":\"csv\",\"mapping\":\"\",\"source\":\"f.csv\"}");
  ASSERT_EQ(created.status, 201);
  const std::string path =
      "/v1/ingest/sessions/" + std::string(object(created).at("session").as_string().c_str());
  const auto reply =
      client.ask("POST", path + "/records?line=10", "text/csv", "1\n\"a\nb\"\nbad\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      reply.body,
      "{\"accepted\":3,\"duplicate\":0,\"conflict\":0,\"rejected\":1,\"rejections\":[{\"line\":"
      "13,\"status\":\"rejected\",\"reason\":\"malformed-json\",\"detail\":\"it says "
      "bad\"}],\"position\":\"dw\"}");
  EXPECT_EQ(client.ask("POST", path + "/records?line=x", "text/csv", "1").status, 400);
  EXPECT_EQ(client.ask("DELETE", path).status, 200);
  EXPECT_EQ(client.ask("POST", path + "/records", "text/csv", "1").status, 404);
}

TEST_F(HttpServerTest, ForgetsTheSessionUsedLeast) {
  HttpOptions options;
  options.ingest_sessions_max = 1;
  start(options);
  const char* body = "{\"format\":\"ndjson\",\"mapping\":\"\"}";
  const auto id = object(ask("POST", "/v1/ingest/sessions", "application/json", body))
                      .at("session")
                      .as_string();
  EXPECT_EQ(ask("POST", "/v1/ingest/sessions", "application/json", body).status, 201);
  EXPECT_EQ(ask("DELETE", "/v1/ingest/sessions/" + std::string(id.c_str())).status, 404);
}

TEST_F(HttpServerTest, KnowsItsPathsAndMethods) {
  start();
  RawClient client(server_->port());
  EXPECT_EQ(client.ask("GET", "/").status, 404);
  EXPECT_EQ(client.ask("GET", "/v1").status, 404);
  EXPECT_EQ(client.ask("GET", "/v1/nothing").status, 404);
  EXPECT_EQ(client.ask("GET", "/%zz").status, 400);
  const auto reply = client.ask("GET", "/v1/events");
  EXPECT_EQ(reply.status, 405);
  EXPECT_NE(reply.head.find("Allow: POST"), std::string::npos);
  EXPECT_EQ(client.ask("PUT", "/v1/status").status, 405);
  EXPECT_EQ(client.ask("GET", "/metrics").body, "laurel_up 1\n");
  EXPECT_EQ(client.ask("GET", "/openapi.json").status, 200);
}

TEST_F(HttpServerTest, TellsItsHealth) {
  start();
  EXPECT_EQ(ask("GET", "/v1/healthz").status, 200);
  EXPECT_EQ(object(ask("GET", "/v1/status")).at("state").as_string(), "running");
  node_.node_status.state = "failed";
  node_.node_status.failure = "disk";
  const auto reply = ask("GET", "/v1/healthz");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(object(reply).at("detail").as_string(), "the node is failed: disk");
}

TEST_F(HttpServerTest, ReadsActorsAndPlayers) {
  start();
  const auto player = object(ask("GET", "/v1/players/p1"));
  EXPECT_EQ(player.at("player").as_string(), "p1");
  EXPECT_EQ(player.at("position").as_string(), "Mzo5");
  EXPECT_EQ(player.at("stale_ms").as_int64(), 0);
  EXPECT_EQ(ask("GET", "/v1/players/nobody").status, 404);
  EXPECT_EQ(ask("GET", "/v1/players/a%2Fb").status, 400);
  EXPECT_EQ(ask("GET", "/v1/players?limit=0").status, 400);
  EXPECT_EQ(ask("GET", "/v1/players?limit=1001").status, 400);
  EXPECT_EQ(ask("GET", "/v1/players?cursor=!").status, 400);
  EXPECT_EQ(ask("GET", "/v1/players/p1/ledger").status, 200);
  EXPECT_EQ(object(ask("GET", "/v1/actors/entry/a%2Fb")).at("key").as_string(), "a/b");
  EXPECT_EQ(ask("GET", "/v1/actors/Bad").status, 400);
  const auto page = object(ask("GET", "/v1/actors/entry/x/tables/bets"));
  EXPECT_EQ(page.at("next").as_string(), "AP8");
  EXPECT_TRUE(object(ask("GET", "/v1/actors/entry/x/tables/bets?cursor=AP8")).at("next").is_null());
}

TEST_F(HttpServerTest, ReadsTopicsAndWaitsForMore) {
  start();
  EXPECT_EQ(ask("GET", "/v1/topics/none").status, 404);
  EXPECT_EQ(ask("GET", "/v1/topics/ledger?partition=4").status, 400);
  EXPECT_EQ(ask("GET", "/v1/topics/ledger?from=x").status, 400);
  auto empty = object(ask("GET", "/v1/topics/ledger?from=end"));
  EXPECT_TRUE(empty.at("events").as_array().empty());
  const int looks = node_.looks;
  std::thread writer([this, looks] {
    // How many there are, where they begin, what is there, and that again: it has waited.
    while (node_.looks < looks + 4) std::this_thread::yield();
    runtime::Commit commit;
    commit.partition = 2;
    commit.number = 1;
    contract::BalanceChanged changed;
    changed.set_player("p");
    const std::string value = changed.SerializeAsString();
    commit.outputs.push_back({"balances", "p/PTS", "laurel.balance.changed.v1", value, 1});
    node_.disk().apply(commit);
  });
  const auto page = object(ask("GET", "/v1/topics/balances?partition=2&wait_ms=9000"));
  writer.join();
  ASSERT_EQ(page.at("events").as_array().size(), 1U);
  const auto& event = page.at("events").as_array()[0].as_object();
  EXPECT_EQ(event.at("id").as_string(), "balances/2/0");
  EXPECT_EQ(event.at("subject").as_string(), "p/PTS");
  EXPECT_EQ(event.at("data").as_object().at("player").as_string(), "p");
  EXPECT_EQ(page.at("next").as_string(), "1");
}

}  // namespace
}  // namespace laurel::gateway
