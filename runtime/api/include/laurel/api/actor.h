/// Actor: the base of every actor class. State is one protobuf message, the root.
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
  google::protobuf::Message& root() final { return state_; }

 protected:
  State& state() { return state_; }

 private:
  State state_;
};

}  // namespace laurel
