/// Catalog: the reference documents that actors read. One immutable version at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <google/protobuf/message.h>

namespace laurel::runtime {

class Catalog {
 public:
  std::uint64_t version = 1;
  /// full protobuf name of the settings message -> document
  std::map<std::string, std::shared_ptr<const google::protobuf::Message>> documents;

  const google::protobuf::Message* find(const google::protobuf::Descriptor& type) const {
    const auto it = documents.find(type.full_name());
    return it == documents.end() ? nullptr : it->second.get();
  }
};

}  // namespace laurel::runtime
