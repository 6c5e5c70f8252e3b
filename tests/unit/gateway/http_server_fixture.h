/// HttpServerTest: a server on a free port before a FakeNode.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "laurel/contract/outputs.pb.h"
#include "laurel/gateway/http_server.h"
#include "reads.h"
#include "unit/gateway/fake_node.h"
#include "unit/gateway/raw_client.h"

namespace laurel::gateway {

namespace json = boost::json;
using testing::FakeNode;
using testing::RawClient;
using testing::RawReply;

inline constexpr const char* kOne = "application/cloudevents+json";
inline constexpr const char* kBatch = "application/cloudevents-batch+json";

inline internal::Reads fake_reads() {
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

}  // namespace laurel::gateway
