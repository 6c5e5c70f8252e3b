#include "log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace laurel::node {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kError:
      return spdlog::level::err;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kDebug:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static spdlog::logger& only = [&]() -> spdlog::logger& {
    auto* made = new spdlog::logger("laurel", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return *made;  // never destroyed: threads may still log at exit
  }();
  return only;
}

void append_value(std::string& out, std::string_view value) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:/@+-[]";
  if (!value.empty() && value.find_first_not_of(kPlain) == std::string_view::npos) {
    out.append(value);
    return;
  }
  out.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (c == '\n') {
      out.append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.push_back(' ');
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

void set_log_level(std::string_view level) {
  const auto wanted = spdlog::level::from_str(level == "error" ? "err" : std::string(level));
  logger().set_level(wanted);
}

void log(const LogEvent& event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  const auto level = spdlog_level(event.level);
  if (!logger().should_log(level)) return;
  std::string line(event.name);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).push_back('=');
    append_value(line, value);
  }
  logger().log(level, line);
}

}  // namespace laurel::node
