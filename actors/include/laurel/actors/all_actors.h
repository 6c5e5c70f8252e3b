#pragma once

#include <vector>

#include "laurel/api/actor_type.h"

namespace laurel::actors {

/// The actor types of all folders under actors/, in the order of their names. The list is generated
/// from the folders; it calls each `laurel::actors::<name>::actor_type()` by name.
std::vector<ActorType> all_actor_types();

}  // namespace laurel::actors
