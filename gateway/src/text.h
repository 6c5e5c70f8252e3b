/// Text forms of bytes, times and ids in the API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "laurel/contract/base64.h"
#include "laurel/contract/rfc3339.h"

namespace laurel::gateway::internal {

using contract::base64;
using contract::base64url;
using contract::from_base64url;
using contract::rfc3339;
std::string hex(std::string_view bytes);

bool is_utf8(std::string_view text);
/// Invalid sequences become U+FFFD.
std::string to_utf8(std::string_view text);

/// RFC 3339 with Z or an offset, from 1970 on.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// [A-Za-z0-9._~:-]{1,64}
bool is_player_id(std::string_view text);
/// [a-z][a-z0-9_-]*, at most 64: names of actor types and of tables.
bool is_name(std::string_view text);

std::optional<std::uint64_t> parse_u64(std::string_view text);

}  // namespace laurel::gateway::internal
