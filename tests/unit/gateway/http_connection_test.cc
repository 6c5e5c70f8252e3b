// Connections: kept, cut, bounded, ended.
#include <atomic>
#include <chrono>
#include <thread>

#include "unit/gateway/http_server_fixture.h"

namespace laurel::gateway {
namespace {

using std::chrono::milliseconds;

struct HttpConnectionTest : HttpServerTest {};

TEST_F(HttpConnectionTest, KeepsAConnectionAndTakesPipelinedRequests) {
  start();
  RawClient client(server_->port());
  const std::string get = "GET /v1/healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(get + get + get);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive().status, 200);
  client.send("GET /v1/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpConnectionTest, TakesChunkedBodiesAndExpect) {
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

TEST_F(HttpConnectionTest, RefusesGarbageAndLargeHeaders) {
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

TEST_F(HttpConnectionTest, BoundsBodies) {
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

TEST_F(HttpConnectionTest, CutsSlowClients) {
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

TEST_F(HttpConnectionTest, BoundsConnections) {
  HttpOptions options;
  options.connections_max = 1;
  start(options);
  RawClient first(server_->port());
  EXPECT_EQ(first.ask("GET", "/v1/healthz").status, 200);
  RawClient second(server_->port());
  EXPECT_EQ(second.receive().status, 503);
  EXPECT_EQ(first.ask("GET", "/v1/healthz").status, 200);
}

TEST_F(HttpConnectionTest, AnswersWhatIsRunningWhenItStops) {
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
    // Stopping has begun: nobody is let in any more.
    while (RawClient(server_->port()).connected()) std::this_thread::yield();
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

TEST_F(HttpConnectionTest, SaysWhyItCannotListen) {
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
