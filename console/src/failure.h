/// Failure: what ends a verb before its time. Thrown within the console, caught in run_console().
#pragma once

#include <string>

namespace laurel::console {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNoNode = 3;
inline constexpr int kSomeRejected = 4;

struct Failure {
  int code = kFailed;    ///< the exit code
  std::string message;   ///< what happened, where, what to do
  bool lasting = false;  ///< trying again is of no use
};

}  // namespace laurel::console
