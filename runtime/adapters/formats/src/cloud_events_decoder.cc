#include "laurel/adapters/formats/cloud_events_decoder.h"

#include "event_builder.h"
#include "event_schema.h"
#include "json_event.h"
#include "protobuf_event.h"

namespace laurel::adapters::formats {
namespace {

class CloudEventsDecoder : public runtime::Decoder {
 public:
  CloudEventsDecoder(const std::vector<runtime::EventType>& types, DecoderOptions options)
      : options_(std::move(options)), schemas_(types, options_) {}

  void decode(const runtime::RawRecord& record, google::protobuf::Arena& arena,
              runtime::Event& event) const override {
    if (reject_size(record, event)) return;
    auto* envelope = google::protobuf::Arena::CreateMessage<contract::Envelope>(&arena);
    Reject reject;
    const auto decode_event =
        record.encoding == runtime::Encoding::kProtobuf ? decode_protobuf_event : decode_json_event;
    if (!decode_event(record.bytes, schemas_, options_, arena, *envelope, event, reject)) {
      set_rejected(reject, envelope, event);
    }
  }

 private:
  DecoderOptions options_;
  SchemaSet schemas_;
};

}  // namespace

std::shared_ptr<const runtime::Decoder> make_cloud_events_decoder(
    const std::vector<runtime::EventType>& types, DecoderOptions options) {
  return std::make_shared<CloudEventsDecoder>(types, std::move(options));
}

}  // namespace laurel::adapters::formats
