#include "text.h"

#include <limits>

#include <gtest/gtest.h>

#include "problem.h"
#include "target.h"

namespace laurel::gateway::internal {
namespace {

TEST(Text, ReadsTimesFrom1970On) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), 253'402'300'799'000'000);
}

TEST(Text, EncodesAsRfc4648Says) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(hex("\x01\xab"), "01ab");
  for (const std::string text : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(from_base64url(base64url(text)), text);
  }
  EXPECT_FALSE(from_base64url("a"));
  EXPECT_FALSE(from_base64url("a+/="));
}

TEST(Text, PrintsTimesWithMicroseconds) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(rfc3339(1'637'437'459'000'001), "2021-11-20T19:44:19.000001Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(rfc3339(951'782'400'000'000), "2000-02-29T00:00:00.000000Z");
  EXPECT_FALSE(rfc3339(std::numeric_limits<std::int64_t>::max()));
}

TEST(Text, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xb0"));
  for (const std::string_view bad :
       {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_TRUE(is_utf8(to_utf8(bad)));
  }
}

TEST(Text, KnowsPlayerIds) {
  EXPECT_TRUE(is_player_id("aZ0._~:-"));
  EXPECT_TRUE(is_player_id(std::string(64, 'a')));
  EXPECT_FALSE(is_player_id(std::string(65, 'a')));
  EXPECT_FALSE(is_player_id(""));
  EXPECT_FALSE(is_player_id("a/b"));
}

TEST(Target, IsTakenApart) {
  const auto target = parse_target("/v1/actors/entry/a%2Fb%20c?cursor=x%3D&limit=7&flag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "actors", "entry", "a/b c"}));
  EXPECT_EQ(target->query.at("cursor"), "x=");
  EXPECT_EQ(target->query.at("limit"), "7");
  EXPECT_EQ(target->query.at("flag"), "");
  for (const std::string_view bad : {"", "v1", "/%", "/%4", "/%zz", "/a%00b", "/%ff", "/?a=%0"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

TEST(Problem, SaysWhatRfc9457Asks) {
  const Reply reply = problem({runtime::ErrorCode::kOverloaded, "full \xff"});
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.content_type, "application/problem+json");
  EXPECT_EQ(reply.retry_after_s, 1);
  EXPECT_EQ(reply.body,
            "{\"type\":\"urn:laurel:error:overloaded\",\"title\":\"Service unavailable\","
            "\"status\":503,\"code\":\"overloaded\",\"detail\":\"full \xEF\xBF\xBD\","
            "\"retry_after\":1}");
  EXPECT_EQ(problem({runtime::ErrorCode::kNotFound, ""}).status, 404);
  EXPECT_EQ(problem({runtime::ErrorCode::kInvalidInput, ""}).status, 400);
}

}  // namespace
}  // namespace laurel::gateway::internal
