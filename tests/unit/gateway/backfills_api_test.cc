// /v1/backfills over HTTP, and events that belong to one.
#include "unit/gateway/http_server_fixture.h"

namespace laurel::gateway {
namespace {

using runtime::Backfill;

constexpr const char* kJson = "application/json";

class BackfillsApi : public HttpServerTest {
 protected:
  BackfillsApi() { start(); }
  RawReply ask(const char* method, const std::string& target, std::string_view body = {},
               const char* type = kJson) {
    return HttpServerTest::ask(method, target, type, body);
  }
  static std::string text(const RawReply& reply, const char* member) {
    const auto body = object(reply);
    const auto* value = body.if_contains(member);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
  }
};

TEST_F(BackfillsApi, OpensClosesDropsAndShows) {
  const auto opened = ask("POST", "/v1/backfills", R"({"source": "a file.csv"})");
  EXPECT_EQ(opened.status, 200);
  EXPECT_EQ(text(opened, "id"), "1");
  EXPECT_EQ(text(opened, "state"), "open");
  ask("POST", "/v1/backfills", R"({"source": "b", "sorted": true})");
  node_.node_backfills[0].counts = {7, 3, 1, 1, 0, 1};
  node_.node_backfills[0].span = {1, 1'771'264'800'000'000, 1'771'264'801'000'000, 0};
  node_.node_backfills[0].refusals = {{"a file.csv:3", "bad-luck", "why"}};
  const auto shown = object(ask("GET", "/v1/backfills/1"));
  EXPECT_EQ(shown.at("source").as_string(), "a file.csv");
  EXPECT_EQ(shown.at("staged").as_string(), "7");
  EXPECT_EQ(shown.at("applied").as_string(), "3");
  EXPECT_EQ(shown.at("first").as_string(), "2026-02-16T18:00:00.000000Z");
  EXPECT_EQ(shown.at("rejections").as_array().size(), 1U);
  EXPECT_EQ(object(ask("GET", "/v1/backfills")).at("backfills").as_array().size(), 2U);
  EXPECT_EQ(ask("POST", "/v1/backfills/1:close", R"({"by":1})", kJson).status, 400);
  EXPECT_EQ(ask("POST", "/v1/backfills/1:close", R"({"who":"kim"})", kJson).status, 400);
  EXPECT_EQ(
      text(ask("POST", "/v1/backfills/1:close", R"({"by":"kim","reason":"all"})", kJson), "state"),
      "finished");
  ASSERT_EQ(node_.ends.size(), 1U);
  EXPECT_EQ(node_.ends[0].by, "kim");
  EXPECT_EQ(node_.ends[0].reason, "all");
  EXPECT_EQ(text(ask("POST", "/v1/backfills/1:close"), "state"), "finished");
  EXPECT_EQ(text(ask("POST", "/v1/backfills/2:drop"), "state"), "dropped");
}

TEST_F(BackfillsApi, SaysWhatIsWrong) {
  for (const char* body : {"", "[]", "{}", R"({"source": 1})", R"({"source": ""})",
                           R"({"source": "a", "sorted": 1})", R"({"source": "a", "other": 1})"}) {
    EXPECT_EQ(ask("POST", "/v1/backfills", body).status, 400) << body;
  }
  EXPECT_EQ(ask("POST", "/v1/backfills", R"({"source": ")" + std::string(1025, 'x') + "\"}").status,
            400);
  for (const char* id : {"9", "x", "", "-1"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/backfills/") + id).status, 404) << id;
    EXPECT_EQ(ask("POST", std::string("/v1/backfills/") + id + ":close").status, 404) << id;
  }
  EXPECT_EQ(ask("POST", "/v1/backfills/1").status, 405);
  EXPECT_EQ(ask("GET", "/v1/backfills/1:close").status, 405);
  EXPECT_TRUE(node_.node_backfills.empty());
}

TEST_F(BackfillsApi, TakesEventsForAnOpenOneOnly) {
  ask("POST", "/v1/backfills", R"({"source": "a"})");
  std::uint64_t backfill = 0;
  node_.on_submit = [&](const std::shared_ptr<runtime::Submission>& submission) {
    backfill = submission->backfill;
    submission->results.resize(submission->records.size(), {runtime::EventStatus::kStaged, "", ""});
    submission->pending = 1;
    submission->finish_one();
    return runtime::Status();
  };
  const auto staged = ask("POST", "/v1/events?backfill=1", "{}", kOne);
  EXPECT_EQ(staged.status, 202);
  EXPECT_EQ(backfill, 1U);
  EXPECT_EQ(object(staged).at("staged").as_int64(), 1);
  EXPECT_EQ(object(staged).at("results").as_array()[0].at("status").as_string(), "staged");
  const auto session = text(
      ask("POST", "/v1/ingest/sessions", R"({"format": "ndjson", "mapping": "m"})"), "session");
  const std::string records = "/v1/ingest/sessions/" + session + "/records?backfill=";
  EXPECT_EQ(object(ask("POST", records + "1", "{}\n")).at("staged").as_int64(), 1);

  EXPECT_EQ(ask("POST", records + "x", "{}\n").status, 400);
  EXPECT_EQ(text(ask("POST", records + "2", "{}\n"), "code"), "backfill-unknown");
  node_.node_backfills[0].state = Backfill::State::kApplying;
  const auto closed = ask("POST", "/v1/events?backfill=1", "{}", kOne);
  EXPECT_EQ(closed.status, 409);
  EXPECT_EQ(text(closed, "code"), "backfill-closed");
  node_.node_backfills[0].state = Backfill::State::kDropped;
  EXPECT_EQ(text(ask("POST", records + "1", "{}\n"), "code"), "backfill-dropped");
}

}  // namespace
}  // namespace laurel::gateway
