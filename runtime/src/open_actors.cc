#include "open_actors.h"

#include "wire.h"

namespace laurel::runtime::internal {

OpenActors::Open& OpenActors::of(const ActorType& type) {
  for (Open& each : open_) {
    if (each.type == &type) return each;
  }
  return open_.emplace_back(Open{&type, nullptr, type.make()});
}

ActorBase* OpenActors::open(const Activation& activation) {
  Open& open = of(*activation.type);
  if (open.whose != &activation) {
    open.whose = nullptr;
    if (!open.actor->root().ParseFromString(activation.root)) return nullptr;
    open.whose = &activation;
  }
  return open.actor.get();
}

void OpenActors::keep(Activation& activation) {
  write_over(activation.root, of(*activation.type).actor->root());
}

void OpenActors::undo(const Activation& activation) { of(*activation.type).whose = nullptr; }

void OpenActors::close_all() {
  for (Open& each : open_) each.whose = nullptr;
}

}  // namespace laurel::runtime::internal
