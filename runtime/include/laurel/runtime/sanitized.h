/// Whether AddressSanitizer looks on: then memory that is not needed is given back at once, so that
/// it sees who still looks at it.
#pragma once

namespace laurel::runtime {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace laurel::runtime
