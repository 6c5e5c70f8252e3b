/// OpenSslHasher: SHA-256 and random bytes from OpenSSL.
///
/// Threads    Any thread. Holds nothing.
/// Errors     None: without a working random source the process ends (asserted).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "laurel/runtime/hasher.h"

namespace laurel::adapters {

class OpenSslHasher final : public runtime::Hasher {
 public:
  Digest sha256(std::initializer_list<std::string_view> parts) const override;
};

/// Bytes fit for secrets and identities. REQUIRES: size <= 1 MiB.
std::string random_bytes(std::size_t size);

}  // namespace laurel::adapters
