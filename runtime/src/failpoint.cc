#include "laurel/runtime/failpoint.h"

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

namespace laurel::runtime {
namespace {

struct Armed {
  std::string name;
  std::atomic<long> left{0};

  Armed() {
    const char* text = std::getenv("LAUREL_FAILPOINT");
    if (text == nullptr) return;
    const std::string_view spec = text;
    const auto colon = spec.find(':');
    name = std::string(spec.substr(0, colon));
    left = colon == std::string_view::npos ? 1 : std::atol(text + colon + 1);
  }
};

}  // namespace

void failpoint_reached(const char* name) {
  static Armed armed;
  if (armed.name.empty() || armed.name != name) return;
  if (armed.left.fetch_sub(1) == 1) std::_Exit(137);
}

}  // namespace laurel::runtime
