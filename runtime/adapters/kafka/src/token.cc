#include "token.h"

#include <charconv>
#include <fstream>
#include <optional>

#include "laurel/contract/base64.h"

namespace laurel::adapters::kafka {
namespace {

using runtime::Error;
using runtime::ErrorCode;
using runtime::Result;

constexpr std::string_view kFile = "token_file=";
constexpr std::size_t kTokenBytesMax = std::size_t{64} << 10;
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the year 9999

Error no_token(const std::string& why) {
  return {ErrorCode::kConfigInvalid, "the OAUTHBEARER token is none: " + why};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What follows the claim's name and colon. The first of that name: a wrong one costs a renewal at a
// wrong time, the broker reads the token itself.
std::string_view claim(std::string_view claims, const std::string& name) {
  const std::string quoted = "\"" + name + "\"";
  const auto found = claims.find(quoted);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = trimmed(claims.substr(found + quoted.size()));
  return rest.starts_with(':') ? trimmed(rest.substr(1)) : std::string_view();
}

std::string property(const Settings& properties, std::string_view name) {
  std::string out;
  for (const auto& [key, value] : properties) {
    if (key == name) out = value;
  }
  return out;
}

Result<Token> read_token(std::string_view config) {
  if (!config.starts_with(kFile)) return no_token("sasl.oauthbearer.config is not token_file=PATH");
  const std::string path(config.substr(kFile.size()));
  std::ifstream file(path, std::ios::binary);
  if (!file) return no_token("cannot read " + path);
  std::string text(kTokenBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto token = parse_token(text);
  if (!token.ok()) return Error{token.error().code, token.error().message + " (" + path + ")"};
  return token;
}

}  // namespace

Result<Token> parse_token(std::string_view text) {
  Token out;
  out.text = trimmed(text);
  if (out.text.size() >= kTokenBytesMax) return no_token("it is too long");
  const auto first = out.text.find('.');
  const auto second = first == std::string::npos ? first : out.text.find('.', first + 1);
  if (second == std::string::npos) return no_token("a JSON web token has three parts with dots");
  const auto claims =
      contract::from_base64url(std::string_view(out.text).substr(first + 1, second - first - 1));
  if (!claims) return no_token("its second part is not base64url");
  const std::string_view expires = claim(*claims, "exp");
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (error != std::errc() || seconds <= 0 || seconds > kSecondsMax) {
    return no_token("it says no time `exp` in seconds");
  }
  out.expires_ms = seconds * 1000;
  const std::string_view subject = claim(*claims, "sub");
  const auto quote = subject.find('"', 1);
  if (!subject.starts_with('"') || quote == std::string_view::npos || quote == 1) {
    return no_token("it says no `sub`");
  }
  out.principal = subject.substr(1, quote - 1);
  return out;
}

Result<bool> needs_tokens(const Settings& properties) {
  const std::string mechanism =
      property(properties, "sasl.mechanisms") + property(properties, "sasl.mechanism");
  if (mechanism.find("OAUTHBEARER") == std::string::npos) return false;
  if (property(properties, "enable.sasl.oauthbearer.unsecure.jwt") == "true") {
    return Error{ErrorCode::kConfigInvalid,
                 "enable.sasl.oauthbearer.unsecure.jwt (kafka.client_file): librdkafka ends the "
                 "process when it "
                 "renews such a token; use sasl.oauthbearer.config=token_file=PATH"};
  }
  return property(properties, "sasl.oauthbearer.method") != "oidc";
}

void renew_token(rd_kafka_t* client, const char* config, void* /*opaque*/) {
  const auto token = read_token(config == nullptr ? "" : config);
  if (!token.ok()) {
    rd_kafka_oauthbearer_set_token_failure(client, token.error().message.c_str());
    return;
  }
  std::array<char, 512> why{};
  if (rd_kafka_oauthbearer_set_token(client, token->text.c_str(), token->expires_ms,
                                     token->principal.c_str(), nullptr, 0, why.data(),
                                     why.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_oauthbearer_set_token_failure(client, why.data());
  }
}

}  // namespace laurel::adapters::kafka
