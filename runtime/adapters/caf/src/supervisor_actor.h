/// SupervisorActor: notices when an actor of the host ends that nobody told to.
///
/// Why        An actor that ends takes its mailbox with it: what is in it would never be answered
/// and
///            nobody would know. The node fails instead, with the reason, and is started again.
#pragma once

#include <caf/all.hpp>
#include <map>
#include <memory>
#include <string>

#include "shared.h"

namespace laurel::adapters::internal {

class SupervisorActor : public caf::event_based_actor {
 public:
  /// `watched`: actor -> what to call it.
  SupervisorActor(caf::actor_config& config, std::shared_ptr<Shared> shared,
                  std::map<caf::actor_addr, std::string> watched);
  caf::behavior make_behavior() override;

 private:
  std::shared_ptr<Shared> shared_;
  std::map<caf::actor_addr, std::string> watched_;
};

}  // namespace laurel::adapters::internal
