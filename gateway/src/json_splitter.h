/// Splits a JSON array into its elements without decoding them: each stays the bytes that came.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace laurel::gateway::internal {

struct SplitArray {
  std::vector<std::string_view> elements;
  bool too_many = false;  ///< stopped at elements_max + 1
  std::string error;      ///< not empty: the text is no array; says where
};

/// Knows strings and brackets only: what an element is worth, its decoder says.
SplitArray split_array(std::string_view text, std::size_t elements_max);

/// The string member `name` of a JSON object, as it is written; empty when it is not there, has
/// escapes, is no valid UTF-8 or is longer than `bytes_max`.
std::string_view top_level_string(std::string_view object, std::string_view name,
                                  std::size_t bytes_max);

}  // namespace laurel::gateway::internal
