/// OutgoingMessage: what a turn has sent, until it is delivered. OutgoingPool: keeps them, with
/// their memory, for the turns to come.
///
/// Why        Most messages are handled right after the turn that sent them: each would allocate a
///            message, what is in it and its address, and free all of that a moment later.
/// Lifecycle  The pool outlives what was taken from it.
/// Threads    The partition's.
/// Limits     kKept of a type are kept, without their message when it was above kKeptBytes; the
///            others are freed when they are given back.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "laurel/api/turn.h"

namespace laurel::runtime::internal {

struct OutgoingMessage {
  enum class Way : std::uint8_t { kDirect, kLatest, kLater };
  ActorId to;
  std::string name;  ///< kDirect: of the row of the root of `to`; kLatest: latest_name_of()
  std::size_t name_hash = 0;  ///< and its hash
  const google::protobuf::Descriptor* type = nullptr;
  std::unique_ptr<google::protobuf::Message> message;  ///< kDirect: it may be handled right away
  std::string bytes;                                   ///< else: serialized
  Way way = Way::kDirect;
  std::size_t size = 0;  ///< of the message, serialized
};

class OutgoingPool {
  struct OfType {
    const google::protobuf::Descriptor* type = nullptr;
    std::vector<std::unique_ptr<OutgoingMessage>> free;
  };

 public:
  class GiveBack {
   public:
    explicit GiveBack(OfType* to) : to_(to) {}
    void operator()(OutgoingMessage* message) const {
      std::unique_ptr<OutgoingMessage> owned(message);
      if (to_->free.size() == kKept) return;
      if (owned->size > kKeptBytes) {
        owned->message.reset();
        std::string().swap(owned->bytes);
      }
      to_->free.push_back(std::move(owned));
    }

   private:
    OfType* to_;
  };
  using Pointer = std::unique_ptr<OutgoingMessage, GiveBack>;

  /// One of that type, its other fields as somebody left them.
  Pointer take(const google::protobuf::Descriptor* type) {
    OfType& of_type = of(type);
    if (of_type.free.empty()) {
      auto fresh = std::make_unique<OutgoingMessage>();
      fresh->type = type;
      return Pointer(fresh.release(), GiveBack(&of_type));
    }
    Pointer kept(of_type.free.back().release(), GiveBack(&of_type));
    of_type.free.pop_back();
    return kept;
  }

 private:
  static constexpr std::size_t kKept = 16;
  static constexpr std::size_t kKeptBytes = 4096;
  OfType& of(const google::protobuf::Descriptor* type) {
    for (const auto& each : types_) {
      if (each->type == type) return *each;
    }
    types_.push_back(std::make_unique<OfType>(OfType{type, {}}));
    types_.back()->free.reserve(kKept);  // giving back does not allocate
    return *types_.back();
  }

  // A dozen types at most: compared one by one. Where each is stays: messages know their way back.
  std::vector<std::unique_ptr<OfType>> types_;
};

using Outgoing = std::vector<OutgoingPool::Pointer>;

}  // namespace laurel::runtime::internal
