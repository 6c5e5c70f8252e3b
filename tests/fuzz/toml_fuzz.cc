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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read<laurel::config::NodeConfig>(text);
  read<laurel::contract::AssetRegistry>(text);
  read<laurel::formats::Mapping>(text);
  read<laurel::contract::WagerSettled>(text);
  return 0;
}
