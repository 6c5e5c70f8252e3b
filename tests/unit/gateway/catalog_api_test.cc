// /v1/catalog over HTTP.
#include "unit/gateway/http_server_fixture.h"

namespace laurel::gateway {
namespace {

constexpr const char* kJson = "application/json";

std::shared_ptr<const runtime::CatalogVersion> version(std::uint64_t number, TimeUs from) {
  runtime::CatalogTerms terms;
  terms.number = number;
  terms.published_us = 1'771'264'800'000'000;
  terms.effective_from_us = terms.live_from_us = from;
  terms.note = "spring";
  terms.hash = "\x01\xff";
  runtime::CatalogDocument document;
  document.name = "program";
  document.type = "T";
  document.toml = "a = 1\n";
  return std::make_shared<const runtime::CatalogVersion>(
      terms, std::vector<runtime::CatalogDocument>{document},
      std::vector<std::pair<PlanId, std::shared_ptr<const void>>>());
}

class CatalogApi : public HttpServerTest {
 protected:
  CatalogApi() { start(); }
  void publish_two() {
    const runtime::Catalog one(runtime::Catalog(), version(1, runtime::kFromTheBeginning));
    // Version 2 begins in the year 2100.
    node_.node_catalog =
        std::make_shared<const runtime::Catalog>(one, version(2, 4'102'444'800'000'000));
  }
  RawReply get(const std::string& target) { return ask("GET", target); }
  RawReply post(const std::string& target, std::string_view body) {
    return ask("POST", target, kJson, body);
  }
};

TEST_F(CatalogApi, ListsVersionsAndTellsTheNewestFromTheOneInForce) {
  EXPECT_EQ(get("/v1/catalog").body, R"({"versions":[],"newest":"0","current":"0"})");
  EXPECT_EQ(get("/v1/catalog/current").status, 404);
  publish_two();
  const auto list = object(get("/v1/catalog"));
  EXPECT_EQ(list.at("newest").as_string(), "2");
  EXPECT_EQ(list.at("current").as_string(), "1");
  const auto& first = list.at("versions").as_array().at(0).as_object();
  EXPECT_TRUE(first.at("effective_from").is_null());
  EXPECT_EQ(first.at("published").as_string(), "2026-02-16T18:00:00.000000Z");
  EXPECT_EQ(first.at("hash").as_string(), "01ff");
}

TEST_F(CatalogApi, ShowsAVersionWithItsTexts) {
  publish_two();
  const auto shown = object(get("/v1/catalog/newest"));
  EXPECT_EQ(shown.at("version").as_string(), "2");
  EXPECT_EQ(shown.at("live_from").as_string(), "2100-01-01T00:00:00.000000Z");
  const auto& document = shown.at("documents").as_array().at(0).as_object();
  EXPECT_EQ(document.at("toml").as_string(), "a = 1\n");
  EXPECT_EQ(object(get("/v1/catalog/current")).at("version").as_string(), "1");
  EXPECT_EQ(object(get("/v1/catalog/1")).at("version").as_string(), "1");
  EXPECT_EQ(get("/v1/catalog/3").status, 404);
  EXPECT_EQ(get("/v1/catalog/0").status, 404);
  EXPECT_EQ(get("/v1/catalog/latest").status, 400);
}

TEST_F(CatalogApi, PublishesWhatTheBodySays) {
  node_.catalog_answer.version = version(2, 4'102'444'800'000'000);
  node_.catalog_answer.created = true;
  node_.catalog_answer.supersedes = {1};
  const auto reply = post(
      "/v1/catalog", R"({"files":{"a.toml":"x = 1\n"},"effective_from":"2100-01-01T00:00:00Z",)"
                     R"("history":true,"note":"spring"})");
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(object(reply).at("supersedes").as_array().at(0).as_string(), "1");
  EXPECT_EQ(node_.published.files.at("a.toml"), "x = 1\n");
  EXPECT_EQ(node_.published.effective_from, 4'102'444'800'000'000);
  EXPECT_TRUE(node_.published.history);
  EXPECT_FALSE(node_.published.validate_only);
  EXPECT_EQ(node_.published.note, "spring");
  node_.catalog_answer.created = false;
  EXPECT_EQ(post("/v1/catalog?validate_only=true", R"({"files":{}})").status, 200);
  EXPECT_TRUE(node_.published.validate_only);
  EXPECT_FALSE(node_.published.effective_from.has_value());
}

TEST_F(CatalogApi, TellsEveryProblemWithItsPlace) {
  node_.catalog_answer.problems = {{"a.toml", 3, 7, "tiers[1].from", "is 5; allowed: above 10"},
                                   {"b.toml", 0, 0, "", "nothing declares this document"}};
  const auto reply = post("/v1/catalog", R"({"files":{}})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.head.find("application/problem+json"), std::string::npos);
  const auto body = object(reply);
  EXPECT_EQ(body.at("detail").as_string(),
            "a.toml:3:7: tiers[1].from: is 5; allowed: above 10\n"
            "b.toml: nothing declares this document");
  const auto& error = body.at("errors").as_array().at(0).as_object();
  EXPECT_EQ(error.at("line").as_int64(), 3);
  EXPECT_EQ(error.at("key").as_string(), "tiers[1].from");
}

TEST_F(CatalogApi, RefusesBodiesThatAreNoPublication) {
  for (const char* wrong : {"", "[]", "{}", R"({"files":[]})", R"({"files":{"a.toml":1}})",
                            R"({"files":{},"effective_from":"soon"})",
                            R"({"files":{},"history":"yes"})", R"({"files":{},"notes":""})"}) {
    EXPECT_EQ(post("/v1/catalog", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(post("/v1/catalog?validate_only=1", R"({"files":{}})").status, 400);
}

TEST_F(CatalogApi, GivesTheSchemaOfADocument) {
  const auto reply = get("/v1/catalog/schema/program");
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.head.find("application/schema+json"), std::string::npos);
  EXPECT_EQ(get("/v1/catalog/schema/nothing").status, 404);
  const auto not_allowed = RawClient(server_->port()).ask("DELETE", "/v1/catalog", {}, {});
  EXPECT_EQ(not_allowed.status, 405);
  EXPECT_NE(not_allowed.head.find("Allow: GET, POST"), std::string::npos);
}

}  // namespace
}  // namespace laurel::gateway
