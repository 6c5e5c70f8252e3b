/// Inputs from the outside: how they stand, and accepting what one has lost.
#pragma once

#include <string>

#include "arguments.h"

namespace laurel::console {

struct InputArguments {
  std::string topic;
  unsigned partition = 0;
  std::string by;  ///< default: the name of who runs this
  std::string reason;
};

int list_inputs(HttpClient& client, const Common& common);
int accept_loss(HttpClient& client, const Common& common, const InputArguments& arguments);

}  // namespace laurel::console
