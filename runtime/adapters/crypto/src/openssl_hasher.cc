#include "laurel/adapters/crypto/openssl_hasher.h"

// The SHA256_* functions are deprecated in favour of EVP, which adds half of a short digest's time
// on top and uses the same SHA-NI code.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "laurel/runtime/errors.h"

namespace laurel::adapters {

Digest OpenSslHasher::sha256(std::initializer_list<std::string_view> parts) const {
  SHA256_CTX context;
  LAUREL_ASSERT(SHA256_Init(&context) == 1);
  for (const std::string_view part : parts) SHA256_Update(&context, part.data(), part.size());
  Digest digest;
  LAUREL_ASSERT(SHA256_Final(digest.data(), &context) == 1);
  return digest;
}

std::string random_bytes(std::size_t size) {
  LAUREL_ASSERT(size <= 1U << 20);
  std::string bytes(size, '\0');
  LAUREL_ASSERT(
      RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) == 1);
  return bytes;
}

}  // namespace laurel::adapters
