/// Log: events with fields, a line each, on standard error (logfmt).
///
///     2026-02-16T18:00:00.123Z info node.running address=127.0.0.1 port=7400 partitions=16
///     took_ms=41
///
/// Threads    Any thread, after set_log_level().
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "events.h"

namespace laurel::node {

/// error, warn, info or debug. Call once, before threads are started.
void set_log_level(std::string_view level);

/// Values with spaces, quotes or control characters are quoted and escaped.
void log(const LogEvent& event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace laurel::node
