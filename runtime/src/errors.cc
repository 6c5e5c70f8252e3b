#include "laurel/runtime/errors.h"

#include <cstdio>
#include <cstdlib>

#include "laurel/runtime/event.h"

namespace laurel::runtime {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOverloaded:
      return "overloaded";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kInvalidInput:
      return "invalid-input";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kConfigInvalid:
      return "config-invalid";
    case ErrorCode::kDataDirInUse:
      return "data-dir-in-use";
    case ErrorCode::kDataDirForeign:
      return "data-dir-foreign";
    case ErrorCode::kDataLost:
      return "data-lost";
    case ErrorCode::kStoreFailed:
      return "store-failed";
    case ErrorCode::kFenced:
      return "fenced";
    case ErrorCode::kOutcomeUnknown:
      return "outcome-unknown";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

const char* name_of(EventStatus status) {
  switch (status) {
    case EventStatus::kPending:
      return "pending";
    case EventStatus::kAccepted:
      return "accepted";
    case EventStatus::kDuplicate:
      return "duplicate";
    case EventStatus::kConflict:
      return "conflict";
    case EventStatus::kStaged:
      return "staged";
    case EventStatus::kRejected:
      return "rejected";
  }
  return "pending";
}

namespace internal {
void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "laurel: broken invariant: %s (%s:%d)\n", expression, file, line);
  std::abort();
}
}  // namespace internal

}  // namespace laurel::runtime
