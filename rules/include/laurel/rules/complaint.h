/// How the compilation of a document tells what is wrong with it: where, and what is allowed.
#pragma once

#include <functional>
#include <string>

namespace laurel::rules {

/// `path` as in the document: `campaign[1].when.stake[0].min`.
using Complain = std::function<void(const std::string& path, const std::string& what)>;

inline std::string at_index(const std::string& path, int index) {
  return path + "[" + std::to_string(index) + "]";
}

}  // namespace laurel::rules
