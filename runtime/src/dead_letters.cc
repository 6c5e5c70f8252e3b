#include "dead_letters.h"

#include <string>

#include "laurel/contract/limits.h"
#include "laurel/contract/media_type.h"

namespace laurel::runtime::internal {
namespace {

contract::DeadLetter letter_of(const Reason& reason) {
  contract::DeadLetter letter;
  letter.set_reason(reason.code.data(), reason.code.size());
  letter.set_detail(std::string(reason.detail.substr(0, 1000)));
  letter.set_actor(reason.actor.data(), reason.actor.size());
  return letter;
}

}  // namespace

std::string place_of(const Work& work) {
  const Submission& submission = *work.batch().batch.submission;
  const RawRecord& raw = submission.records[work.event().index];
  if (!raw.place.empty()) return std::string(raw.place);
  if (raw.line == 0) return submission.source;
  return submission.source + ":" + std::to_string(raw.line);
}

contract::DeadLetter event_letter(const Work& work, const Reason& reason) {
  const Submission& submission = *work.batch().batch.submission;
  const Event& event = work.event();
  const RawRecord& raw = submission.records[event.index];
  contract::DeadLetter letter = letter_of(reason);
  letter.set_place(place_of(work));
  if (event.envelope != nullptr) {
    letter.set_event_type(event.envelope->type());
    letter.set_subject(event.envelope->subject());
  }
  letter.set_raw(std::string(raw.bytes.substr(0, contract::kDeadLetterRawMax)));
  letter.set_raw_bytes(raw.length);
  if (raw.encoding == Encoding::kProtobuf) {
    letter.set_content_type(contract::kProtobufEvent.data(), contract::kProtobufEvent.size());
  }
  return letter;
}

contract::DeadLetter message_letter(const Cause& cause, std::string_view message_type,
                                    std::string_view bytes, const Reason& reason) {
  contract::DeadLetter letter = letter_of(reason);
  letter.set_place("caused by event " + std::string(cause.event_id));
  letter.set_event_type(std::string(message_type));
  letter.set_subject(std::string(cause.subject));
  letter.set_raw(std::string(bytes.substr(0, contract::kDeadLetterRawMax)));
  letter.set_raw_bytes(bytes.size());
  letter.set_content_type(contract::kProtobuf);
  return letter;
}

}  // namespace laurel::runtime::internal
