/// OpenActors: the actor objects of a partition, one of each type. Actors that are not in a turn
/// are stored bytes (Activation::root); the one whose turn it is has its root parsed into the
/// object of its type.
///
/// Why        Bytes lie together, parsed messages in a dozen places; an object that every turn
///            uses stays in the processor's caches. The bytes are also what a bad turn goes back
///            to. Turns of the same actor in a row do not parse again.
/// Threads    The partition's.
#pragma once

#include <memory>
#include <vector>

#include "activation.h"

namespace laurel::runtime::internal {

class OpenActors {
 public:
  /// The object of that type with the activation's root in it; nullptr: the bytes are no such root.
  ActorBase* open(const Activation& activation);
  /// The turn was good: its root becomes the activation's.
  void keep(Activation& activation);
  /// What the turn did to the root is gone.
  void undo(const Activation& activation);
  /// Activations went away: none of them is open any more.
  void close_all();

 private:
  struct Open {
    const ActorType* type = nullptr;
    const Activation* whose = nullptr;  // nullptr: the root of none
    std::unique_ptr<ActorBase> actor;
  };
  Open& of(const ActorType& type);

  std::vector<Open> open_;  // a dozen types at most: compared one by one
};

}  // namespace laurel::runtime::internal
