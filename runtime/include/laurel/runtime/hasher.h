/// Hasher: the port for SHA-256, so that no crypto header appears in a core.
#pragma once

#include <initializer_list>
#include <string_view>

#include "laurel/api/turn.h"

namespace laurel::runtime {

class Hasher {
 public:
  virtual ~Hasher() = default;
  virtual Digest sha256(std::initializer_list<std::string_view> parts) const = 0;
};

}  // namespace laurel::runtime
