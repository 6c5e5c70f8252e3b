#include "supervisor_actor.h"

#include "shell.h"

namespace laurel::adapters::internal {

SupervisorActor::SupervisorActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                                 std::map<caf::actor_addr, std::string> watched)
    : caf::event_based_actor(config), shared_(std::move(shared)), watched_(std::move(watched)) {}

caf::behavior SupervisorActor::make_behavior() {
  survive_strangers(*this);
  set_down_handler([this](caf::down_msg& down) {
    if (down.reason == caf::exit_reason::user_shutdown) return;
    shared_->fail(watched_[down.source] + " ended: " + system().render(down.reason));
  });
  for (const auto& [address, name] : watched_) monitor(address);
  return {[](const Tick&) {}};  // it only listens to ends, but an actor without behavior ends
}

}  // namespace laurel::adapters::internal
