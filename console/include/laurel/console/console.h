/// Console: the CLI verbs that speak HTTP to a node, and nothing else.
///
/// Errors     Exit codes: 0 ok, 1 failed, 2 usage, 3 no node, 4 some rejected.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace laurel::console {

/// A node that serves queries of a stopped node's directory while this object lives.
class ServedNode {
 public:
  virtual ~ServedNode() = default;
  virtual std::string url() const = 0;  ///< http://127.0.0.1:PORT
};

struct ConsoleHooks {
  /// For `--data DIR` (verify, export, show): serve a stopped node's directory, read-only. Null,
  /// and `error` says why, when it cannot be.
  std::function<std::unique_ptr<ServedNode>(const std::string& data_dir, std::string& error)> serve;
};

/// True when argv[1] is a verb of the console.
bool is_console_verb(const std::string& verb);
/// Lines for `laurel --help`, one per verb.
std::string console_help();
int run_console(int argc, char** argv, const ConsoleHooks& hooks);

}  // namespace laurel::console
