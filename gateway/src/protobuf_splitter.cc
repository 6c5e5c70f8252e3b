#include "protobuf_splitter.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <functional>

#include "laurel/contract/cloud_events.pb.h"
#include "text.h"

namespace laurel::gateway::internal {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using io::cloudevents::v1::CloudEvent;
using io::cloudevents::v1::CloudEventBatch;

// Each value of field `number` with a length. False: the bytes are no message.
bool each_of(std::string_view bytes, int number,
             const std::function<bool(std::string_view)>& value) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  const std::uint32_t wanted =
      WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  for (;;) {
    const std::uint32_t tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    if (tag != wanted) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > bytes.size() - at || !in.Skip(static_cast<int>(size))) return false;
    if (!value(bytes.substr(at, size))) return true;
  }
}

}  // namespace

SplitArray split_protobuf_batch(std::string_view bytes, std::size_t elements_max) {
  SplitArray out;
  const bool good =
      each_of(bytes, CloudEventBatch::kEventsFieldNumber, [&](std::string_view event) {
        out.too_many = out.elements.size() == elements_max;
        if (!out.too_many) out.elements.push_back(event);
        return !out.too_many;
      });
  if (!good) out.error = "a field is broken, or cut off";
  return out;
}

std::string_view protobuf_id(std::string_view event, std::size_t bytes_max) {
  std::string_view id;
  each_of(event, CloudEvent::kIdFieldNumber, [&](std::string_view value) {
    id = value;
    return true;  // the last one counts
  });
  return id.size() <= bytes_max && is_utf8(id) ? id : std::string_view();
}

}  // namespace laurel::gateway::internal
