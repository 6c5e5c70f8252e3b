/// Actor: the base of every actor class. State is one protobuf message, the root. An actor class
/// has no members of its own: one object serves all actors of its type, in turn.
#pragma once

#include <google/protobuf/message.h>

namespace laurel {

class ActorBase {
 public:
  ActorBase() = default;
  ActorBase(const ActorBase&) = delete;
  ActorBase& operator=(const ActorBase&) = delete;
  virtual ~ActorBase() = default;
  virtual google::protobuf::Message& root() = 0;
};

template <class State>
class Actor : public ActorBase {
 public:
  using Root = State;

  google::protobuf::Message& root() final { return state_; }

 protected:
  State& state() { return state_; }

 private:
  State state_;
};

}  // namespace laurel
