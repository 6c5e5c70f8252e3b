// Any text as node.toml, as a catalog document, as a mapping and as an event's data.
#include <cstddef>
#include <cstdint>

#include "laurel/config/node.pb.h"
#include "laurel/config/toml_reader.h"
#include "laurel/contract/assets.pb.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/formats/mapping.pb.h"

namespace {

template <class Message>
void read(std::string_view text) {
  Message message;
  const auto status = laurel::config::read_toml(text, "fuzz.toml", message);
  // What was read is a valid message even then.
  LAUREL_ASSERT(Message().ParseFromString(message.SerializeAsString()));
  LAUREL_ASSERT(status.ok() || !status.error().message.empty());
}

// A problem finds its place, or none, whatever its path and the text are.
void locate(std::string_view text) {
  for (const char* path : {"assets[1].id", "a.b[0].c", "listen", "[0]", "a[", "..", ""}) {
    laurel::config::TomlProblem problem{0, 0, path, "is wrong"};
    laurel::config::locate(text, problem);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read<laurel::config::NodeConfig>(text);
  read<laurel::contract::AssetRegistry>(text);
  read<laurel::formats::Mapping>(text);
  read<laurel::contract::WagerSettled>(text);
  locate(text);
  return 0;
}
