/// LAUREL_FAILPOINT(name): a place where a test can make the process die or a call fail.
///
/// Armed by the environment: LAUREL_FAILPOINT=NAME:N kills the process (SIGKILL-like _Exit(137),
/// nothing flushed) the N-th time NAME is reached. Absent from release builds.
#pragma once

namespace laurel::runtime {
/// Kills the process when `name` is armed and due.
void failpoint_reached(const char* name);
}  // namespace laurel::runtime

#if defined(LAUREL_FAILPOINTS) && LAUREL_FAILPOINTS
#define LAUREL_FAILPOINT(name) ::laurel::runtime::failpoint_reached(name)
#else
#define LAUREL_FAILPOINT(name) static_cast<void>(0)
#endif
