#include "laurel/gateway/http_server.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "laurel/contract/amount.h"
#include "laurel/contract/cloud_events.pb.h"
#include "laurel/contract/outputs.pb.h"
#include "reads.h"
#include "unit/gateway/fake_node.h"
#include "unit/gateway/raw_client.h"

namespace laurel::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using testing::FakeNode;
using testing::RawClient;
using testing::RawReply;

constexpr const char* kOne = "application/cloudevents+json";
constexpr const char* kBatch = "application/cloudevents-batch+json";
constexpr const char* kProtobufBatch = "application/cloudevents-batch+protobuf";

internal::Reads fake_reads() {
  internal::Reads reads;
  reads.actor = [](std::string_view type,
                   std::string_view key) -> runtime::Result<runtime::ActorView> {
    if (key == "nobody") return runtime::Error{runtime::ErrorCode::kNotFound, "no such actor"};
    auto root = std::make_unique<contract::BalanceChanged>();
    root->set_player(std::string(key));
    return runtime::ActorView{std::string(type), std::string(key), 3, 9, std::move(root)};
  };
  reads.table = [](const internal::TableRequest& request) -> runtime::Result<runtime::TablePage> {
    runtime::TablePage page;
    page.partition = 1;
    page.commit = 2;
    page.next = request.cursor.empty() ? std::string("\0\xff", 2) : "";
    page.rows.push_back({"", 1, std::make_unique<contract::PointsPosted>()});
    return page;
  };
  reads.actors = [](std::string_view, std::string_view,
                    std::size_t) -> runtime::Result<runtime::ActorPage> {
    return runtime::ActorPage{};
  };
  return reads;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpOptions options = {}) {
    options.port = 0;
    auto server = HttpServer::start(options, node_, fake_reads());
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(*server);
  }
  RawReply ask(const std::string& method, const std::string& target, std::string_view type = {},
               std::string_view body = {}) {
    RawClient client(server_->port());
    return client.ask(method, target, type, body);
  }
  static json::object object(const RawReply& reply) {
    boost::system::error_code error;
    const auto value = json::parse(reply.body, error);
    EXPECT_FALSE(error) << reply.body;
    return value.is_object() ? value.get_object() : json::object();
  }

  FakeNode node_;
  std::unique_ptr<HttpServer> server_;
};

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
  std::thread writer([this] {
    std::this_thread::sleep_for(milliseconds(80));
    runtime::Commit commit;
    commit.partition = 2;
    commit.number = 1;
    contract::BalanceChanged changed;
    changed.set_player("p");
    commit.outputs.push_back(
        {"balances", "p/PTS", "laurel.balance.changed.v1", changed.SerializeAsString(), 1});
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

TEST_F(HttpServerTest, KeepsAConnectionAndTakesPipelinedRequests) {
  start();
  RawClient client(server_->port());
  const std::string get = "GET /v1/healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(get + get + get);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive().status, 200);
  client.send("GET /v1/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, TakesChunkedBodiesAndExpect) {
  start();
  RawClient client(server_->port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"
      "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.send("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 202);
  EXPECT_EQ(node_.records()[0].second, "{}");
}

TEST_F(HttpServerTest, RefusesGarbageAndLargeHeaders) {
  start();
  {
    RawClient client(server_->port());
    client.send(std::string("\x16\x03\x01\0\xff garbage\r\n\r\n", 16));
    EXPECT_EQ(client.receive().status, 400);
    EXPECT_TRUE(client.at_end());
  }
  RawClient client(server_->port());
  client.send("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(client.receive().status, 431);
}

TEST_F(HttpServerTest, BoundsBodies) {
  HttpOptions options;
  options.body_bytes_max = 200'000;
  options.bodies_bytes_max = 100'000;
  start(options);
  {
    RawClient client(server_->port());
    client.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 200001\r\n\r\n");
    EXPECT_EQ(client.receive().status, 413);
  }
  {
    RawClient client(server_->port());
    EXPECT_EQ(client.ask("POST", "/v1/events", kOne, std::string(150'000, 'x')).status, 503);
  }
  // What was reserved for it is free again.
  EXPECT_EQ(ask("POST", "/v1/events", kOne, std::string(90'000, 'x')).status, 202);
  EXPECT_EQ(ask("POST", "/v1/events", kOne, std::string(90'000, 'x')).status, 202);
  RawClient client(server_->port());
  client.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n30d41\r\n" +
              std::string(200'001, 'x'));
  EXPECT_NE(client.receive().status, 202);
}

TEST_F(HttpServerTest, CutsSlowClients) {
  HttpOptions options;
  options.header_ms_max = 50;
  options.body_ms_max = 50;
  options.idle_ms_max = 100;
  start(options);
  RawClient header(server_->port());
  header.send("GET / HT");
  RawClient body(server_->port());
  body.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx");
  RawClient idle(server_->port());
  EXPECT_TRUE(header.receive().status == 408 || header.at_end());
  EXPECT_TRUE(header.at_end());
  EXPECT_TRUE(body.receive().status == 408 || body.at_end());
  EXPECT_TRUE(idle.at_end());
}

TEST_F(HttpServerTest, BoundsConnections) {
  HttpOptions options;
  options.connections_max = 1;
  start(options);
  RawClient first(server_->port());
  EXPECT_EQ(first.ask("GET", "/v1/healthz").status, 200);
  RawClient second(server_->port());
  EXPECT_EQ(second.receive().status, 503);
  EXPECT_EQ(first.ask("GET", "/v1/healthz").status, 200);
}

TEST_F(HttpServerTest, AnswersWhatIsRunningWhenItStops) {
  std::shared_ptr<runtime::Submission> kept;
  std::atomic<bool> taken{false};
  node_.on_submit = [&](std::shared_ptr<runtime::Submission> submission) -> runtime::Status {
    kept = std::move(submission);
    taken = true;
    return {};
  };
  start();
  RawClient idle(server_->port());
  EXPECT_EQ(idle.ask("GET", "/v1/healthz").status, 200);
  RawClient busy(server_->port());
  busy.send(
      "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"
      "Content-Length: 2\r\n\r\n{}");
  while (!taken) std::this_thread::yield();
  std::thread finisher([&] {
    std::this_thread::sleep_for(milliseconds(50));
    kept->results.push_back({runtime::EventStatus::kAccepted, "", ""});
    kept->done(*kept);
  });
  server_->stop(milliseconds(5000));
  finisher.join();
  EXPECT_EQ(busy.receive().status, 202);
  EXPECT_TRUE(busy.at_end());
  EXPECT_TRUE(idle.at_end());
  EXPECT_NE(RawClient(server_->port()).connected(), true);
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  start();
  HttpOptions options;
  options.port = server_->port();
  const auto again = HttpServer::start(options, node_, fake_reads());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, runtime::ErrorCode::kConfigInvalid);
  EXPECT_NE(again.error().message.find("127.0.0.1:" + std::to_string(options.port)),
            std::string::npos);
  options.port = 0;
  options.address = "0.0.0.0";
  EXPECT_FALSE(HttpServer::start(options, node_, fake_reads()).ok());
  options.allow_plaintext = true;
  EXPECT_TRUE(HttpServer::start(options, node_, fake_reads()).ok());
  options.address = "nowhere";
  EXPECT_FALSE(HttpServer::start(options, node_, fake_reads()).ok());
  options.address = "127.0.0.1";
  options.tls_cert = "/nonexistent.pem";
  EXPECT_FALSE(HttpServer::start(options, node_, fake_reads()).ok());
  options.tls_key = "/nonexistent.pem";
  EXPECT_FALSE(HttpServer::start(options, node_, fake_reads()).ok());
}

}  // namespace
}  // namespace laurel::gateway
