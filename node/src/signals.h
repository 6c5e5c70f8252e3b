/// SIGINT and SIGTERM as something to wait for.
#pragma once

#include <csignal>
#include <ctime>

namespace laurel::node {

/// Blocks the stop signals in this thread and all it starts. Call first thing in main.
inline void block_stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

/// True when a stop signal came within that time; negative: waits for ever.
inline bool stop_signal_within_ms(long ms) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (ms < 0) {
    int signal = 0;
    sigwait(&set, &signal);
    return true;
  }
  const timespec wait{ms / 1000, (ms % 1000) * 1'000'000};
  return sigtimedwait(&set, nullptr, &wait) > 0;
}

}  // namespace laurel::node
