/// JSON, for what config prints itself.
#pragma once

#include <string>
#include <string_view>

namespace laurel::config {

/// A JSON string. REQUIRES: UTF-8.
std::string json_quoted(std::string_view text);

}  // namespace laurel::config
