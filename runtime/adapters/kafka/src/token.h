/// Tokens of OAUTHBEARER from a file: somebody puts one there, and a newer one before it expires.
///
/// Why        Debian 12's librdkafka fetches none (it is built without OIDC), and a token that is
///            not renewed ends the link. Kubernetes and agents of identity services keep such a
///            file.
/// Use        sasl.mechanisms=OAUTHBEARER, sasl.oauthbearer.config=token_file=PATH. With
///            sasl.oauthbearer.method=oidc, where it is there, librdkafka does it alone.
/// Threads    The file is read on a thread of librdkafka's, at four fifths of a token's life.
/// Errors     A file that holds no token that is valid: told by the link, and tried again in 10 s.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client.h"

namespace laurel::adapters::kafka {

/// What of a JSON web token has to be known. It is not verified: the broker does that.
struct Token {
  std::string text;
  std::string principal;        ///< its `sub`
  std::int64_t expires_ms = 0;  ///< its `exp`
};
/// `text`: as in the file. Errors: kConfigInvalid; the token is not in the message.
runtime::Result<Token> parse_token(std::string_view text);

/// Whether the clients of these properties need tokens from here. Errors: kConfigInvalid.
runtime::Result<bool> needs_tokens(const Settings& properties);
/// As rd_kafka_conf_set_oauthbearer_token_refresh_cb().
void renew_token(rd_kafka_t* client, const char* config, void* opaque);

}  // namespace laurel::adapters::kafka
