/// Dead letters: what is published about an input that did not become what it was meant to be.
#pragma once

#include <string>
#include <string_view>

#include "laurel/contract/outputs.pb.h"
#include "work.h"

namespace laurel::runtime::internal {

struct Reason {
  std::string_view code;
  std::string_view detail;
  std::string_view actor;  ///< the one that rejected what others may have taken
};

/// Where the event's record came from: its source and line.
std::string place_of(const Work& work);
/// Of the event, with its place and the first of its raw bytes.
contract::DeadLetter event_letter(const Work& work, const Reason& reason);
/// Of a message on its way to an actor.
contract::DeadLetter message_letter(const Cause& cause, std::string_view message_type,
                                    std::string_view bytes, const Reason& reason);

}  // namespace laurel::runtime::internal
