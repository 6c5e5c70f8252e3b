/// Media types, and how one is read.
#pragma once

#include <string>
#include <string_view>

namespace laurel::contract {

/// A message in protobuf, such as the data of an event; and a whole CloudEvent.
inline constexpr const char* kProtobuf = "application/protobuf";
inline constexpr std::string_view kProtobufEvent = "application/cloudevents+protobuf";

/// The type of a Content-Type (RFC 9110, 8.3.1), without its parameters and in lower case.
inline std::string media_type(std::string_view content_type) {
  std::string out(content_type.substr(0, content_type.find(';')));
  while (!out.empty() && out.back() == ' ') out.pop_back();
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace laurel::contract
