/// Scratch: messages that are built and forgotten within a turn, one per type. Their memory stays,
/// so that the next turn allocates nothing for them.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <utility>
#include <vector>

namespace laurel::runtime::internal {

class Scratch {
 public:
  /// An empty message of the prototype's type; the same object each time. REQUIRES: `prototype` is
  /// the default instance of its type.
  google::protobuf::Message& get(const google::protobuf::Message& prototype) {
    for (const auto& [known, message] : messages_) {
      if (known == &prototype) {
        message->Clear();
        return *message;
      }
    }
    messages_.emplace_back(&prototype, prototype.New());
    return *messages_.back().second;
  }

 private:
  // By the address of the default instance, which costs less than to ask a message for its type. A
  // dozen types at most: compared one by one.
  std::vector<
      std::pair<const google::protobuf::Message*, std::unique_ptr<google::protobuf::Message>>>
      messages_;
};

}  // namespace laurel::runtime::internal
