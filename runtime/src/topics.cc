#include "laurel/runtime/topics.h"

#include <functional>
#include <mutex>
#include <set>
#include <string>

namespace laurel::runtime {

std::string_view interned_topic(std::string_view topic) {
  for (const std::string_view known : kTopics) {
    if (known == topic) return known;
  }
  static std::mutex mutex;
  static auto& names = *new std::set<std::string, std::less<>>();  // never destroyed
  const std::lock_guard lock(mutex);
  const auto found = names.find(topic);
  return found != names.end() ? *found : *names.emplace(topic).first;
}

}  // namespace laurel::runtime
