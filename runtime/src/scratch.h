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
  /// An empty message of the prototype's type; the same object each time.
  google::protobuf::Message& get(const google::protobuf::Message& prototype) {
    const auto* type = prototype.GetDescriptor();
    for (const auto& [known, message] : messages_) {
      if (known == type) {
        message->Clear();
        return *message;
      }
    }
    messages_.emplace_back(type, prototype.New());
    return *messages_.back().second;
  }

 private:
  // A dozen types at most: compared one by one.
  std::vector<
      std::pair<const google::protobuf::Descriptor*, std::unique_ptr<google::protobuf::Message>>>
      messages_;
};

}  // namespace laurel::runtime::internal
