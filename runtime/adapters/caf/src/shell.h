/// What all actors of a host have in common.
#pragma once

#include <caf/all.hpp>
#include <chrono>

namespace laurel::adapters::internal {

/// Some time has passed: kTick.
struct Tick {};
inline constexpr std::chrono::milliseconds kTick{250};

/// An unexpected message or error must not end the actor (CAF's default does end it).
void survive_strangers(caf::event_based_actor& self);

}  // namespace laurel::adapters::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(laurel::adapters::internal::Tick)
