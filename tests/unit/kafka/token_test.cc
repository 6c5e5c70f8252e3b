#include "token.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using laurel::adapters::kafka::needs_tokens;
using laurel::adapters::kafka::parse_token;
using laurel::adapters::kafka::Settings;

// {"alg":"none"} . {"sub":"laurel","exp":1790000000}
const std::string kHeader = "eyJhbGciOiJub25lIn0";
const std::string kClaims = "eyJzdWIiOiJsYXVyZWwiLCJleHAiOjE3OTAwMDAwMDB9";

TEST(KafkaToken, IsTakenWithItsSubjectAndItsEnd) {
  const auto token = parse_token("\n " + kHeader + "." + kClaims + ".c2lnbmVk \n");
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->text, kHeader + "." + kClaims + ".c2lnbmVk");
  EXPECT_EQ(token->principal, "laurel");
  EXPECT_EQ(token->expires_ms, 1'790'000'000'000);
}

TEST(KafkaToken, ThatIsNoneIsRefusedAndNotRepeated) {
  const std::string none[] = {
      "",
      "secretsecret",
      "secretsecret.secretsecret",
      "secretsecret.sec+ret/.secretsecret",
      "secretsecret.e30.secretsecret",                                      // {}
      "secretsecret.eyJzdWIiOiJsYXVyZWwifQ.secretsecret",                   // no exp
      "secretsecret.eyJleHAiOjE3OTAwMDAwMDB9.secretsecret",                 // no sub
      "secretsecret.eyJzdWIiOiJ4IiwiZXhwIjo5OTk5OTk5OTk5OTk5OTk5OTk5OX0.",  // exp too large
      "secretsecret.eyJzdWIiOiIiLCJleHAiOjE3OTAwMDAwMDB9.",                 // empty sub
      "secretsecret.eyJleHAiOjE3OTAwMDAwMDAsInN1YiI6.",                     // cut off behind "sub":
      std::string(100'000, 'a') + "." + kClaims + ".",
  };
  for (const std::string& text : none) {
    const auto token = parse_token(text);
    ASSERT_FALSE(token.ok()) << text.substr(0, 80);
    EXPECT_EQ(token.error().message.find("secret"), std::string::npos) << token.error().message;
  }
}

TEST(KafkaToken, IsNeededForOauthbearerUnlessTheLibraryFetchesIt) {
  EXPECT_FALSE(*needs_tokens({}));
  EXPECT_FALSE(*needs_tokens({{"sasl.mechanisms", "SCRAM-SHA-512"}}));
  EXPECT_TRUE(*needs_tokens({{"sasl.mechanisms", "OAUTHBEARER"}}));
  EXPECT_TRUE(*needs_tokens({{"sasl.mechanism", "OAUTHBEARER"}}));
  EXPECT_FALSE(
      *needs_tokens({{"sasl.mechanism", "OAUTHBEARER"}, {"sasl.oauthbearer.method", "oidc"}}));
  EXPECT_FALSE(needs_tokens({{"sasl.mechanism", "OAUTHBEARER"},
                             {"enable.sasl.oauthbearer.unsecure.jwt", "true"}})
                   .ok());
}

}  // namespace
