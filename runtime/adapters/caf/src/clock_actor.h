/// ClockActor: a tick a second to each partition, for what is due by time and not by input.
#pragma once

#include <caf/all.hpp>
#include <vector>

namespace laurel::adapters::internal {

class ClockActor : public caf::event_based_actor {
 public:
  ClockActor(caf::actor_config& config, std::vector<caf::actor> listeners);
  caf::behavior make_behavior() override;

 private:
  std::vector<caf::actor> listeners_;
};

}  // namespace laurel::adapters::internal
