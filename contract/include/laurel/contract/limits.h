/// Limits of what a client may send: public, the same on every node, tested (docs/guide/limits.md).
#pragma once

#include <cstddef>

namespace laurel::contract {

/// Bytes of one event.
inline constexpr std::size_t kEventBytesMax = 64 * 1024;
/// Bytes of one line of a file.
inline constexpr std::size_t kLineBytesMax = 1024 * 1024;
/// Events of one POST.
inline constexpr std::size_t kBatchEventsMax = 1000;
/// Bytes that a dead letter keeps of what it refused.
inline constexpr std::size_t kDeadLetterRawMax = 64 * 1024;
/// Characters of a player id: [A-Za-z0-9._~:-]{1,64}
inline constexpr std::size_t kPlayerIdMax = 64;
/// Bytes of who did something by hand.
inline constexpr std::size_t kByBytesMax = 100;

}  // namespace laurel::contract
