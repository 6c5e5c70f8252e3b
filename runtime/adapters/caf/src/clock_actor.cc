#include "clock_actor.h"

#include <chrono>

#include "shell.h"

namespace laurel::adapters::internal {
namespace {
constexpr std::chrono::seconds kTick{1};
}

ClockActor::ClockActor(caf::actor_config& config, std::vector<caf::actor> listeners)
    : caf::event_based_actor(config), listeners_(std::move(listeners)) {}

caf::behavior ClockActor::make_behavior() {
  survive_strangers(*this);
  delayed_send(this, kTick, Tick{});
  return {
      [this](const Tick&) {
        for (const caf::actor& listener : listeners_) caf::anon_send(listener, Tick{});
        delayed_send(this, kTick, Tick{});
      },
  };
}

}  // namespace laurel::adapters::internal
