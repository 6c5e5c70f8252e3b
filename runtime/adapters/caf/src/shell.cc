#include "shell.h"

namespace laurel::adapters::internal {

void survive_strangers(caf::event_based_actor& self) {
  self.set_error_handler([](caf::error&) {});
  self.set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        return caf::message{};
      });
}

}  // namespace laurel::adapters::internal
