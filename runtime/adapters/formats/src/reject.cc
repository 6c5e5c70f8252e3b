#include "reject.h"

namespace laurel::adapters::formats {

bool Reject::in(std::string_view name) {
  if (path.size() > 256) return false;  // deep enough to find it
  // in_quotes() cuts it; the quotes are not wanted here.
  const std::string cut = in_quotes(name);
  const std::string_view bare(cut.data() + 1, cut.size() - 2);
  if (path.empty()) {
    path = bare;
  } else {
    path.insert(0, 1, '.').insert(0, bare);
  }
  return false;
}

std::string Reject::text() const { return path.empty() ? detail : path + ": " + detail; }

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 64;
  std::string out = "\"";
  if (text.size() <= kShown) {
    out += text;
  } else {
    std::size_t end = kShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    out.append(text.substr(0, end)).append("...");
  }
  out.push_back('"');
  return out;
}

}  // namespace laurel::adapters::formats
