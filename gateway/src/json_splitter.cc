#include "json_splitter.h"

#include "text.h"

namespace laurel::gateway::internal {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

/// One past the closing quote of the string that starts at `at`; npos when it does not end.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// One past the value that starts at `at`: the ',' or closing bracket that ends it, or the end of
/// the text; npos when a string does not end.
std::size_t value_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '"':
        at = string_end(text, at);
        if (at == std::string_view::npos) return at;
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;
        --depth;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default:
        break;
    }
    ++at;
  }
  return depth == 0 ? at : std::string_view::npos;
}

std::string at_byte(std::string_view what, std::size_t at) {
  return std::string(what) + " at byte " + std::to_string(at);
}

}  // namespace

SplitArray split_array(std::string_view text, std::size_t elements_max) {
  SplitArray out;
  const auto fail = [&](std::string_view what, std::size_t at) {
    out.elements.clear();
    out.error = at_byte(what, at);
    return out;
  };
  std::size_t at = skip_space(text, 0);
  if (at == text.size() || text[at] != '[') return fail("a JSON array is expected", at);
  at = skip_space(text, at + 1);
  if (at < text.size() && text[at] == ']') {
    at = skip_space(text, at + 1);
    return at == text.size() ? out : fail("more text after the array", at);
  }
  while (true) {
    const std::size_t start = skip_space(text, at);
    const std::size_t stop = value_end(text, start);
    if (stop == std::string_view::npos || stop == text.size()) {
      return fail("the array does not end; its element", start);
    }
    std::size_t last = stop;
    while (last > start && is_space(text[last - 1])) --last;
    if (last == start) return fail("an element is missing", start);
    if (text[stop] == '}') return fail("a '}' that nothing opened", stop);
    if (out.elements.size() == elements_max) {
      out.too_many = true;
      return out;
    }
    out.elements.push_back(text.substr(start, last - start));
    at = stop + 1;
    if (text[stop] == ']') break;
  }
  at = skip_space(text, at);
  if (at != text.size()) return fail("more text after the array", at);
  return out;
}

std::string_view top_level_string(std::string_view object, std::string_view name,
                                  std::size_t bytes_max) {
  std::size_t at = skip_space(object, 0);
  if (at == object.size() || object[at] != '{') return {};
  ++at;
  while (true) {
    at = skip_space(object, at);
    if (at >= object.size() || object[at] != '"') return {};
    const std::size_t key_end = string_end(object, at);
    if (key_end == std::string_view::npos) return {};
    const std::string_view key = object.substr(at + 1, key_end - at - 2);
    at = skip_space(object, key_end);
    if (at >= object.size() || object[at] != ':') return {};
    at = skip_space(object, at + 1);
    const std::size_t stop = value_end(object, at);
    if (stop == std::string_view::npos || stop >= object.size()) return {};
    if (key == name) {
      if (object[at] != '"') return {};
      const std::size_t end = string_end(object, at);
      const std::string_view value = object.substr(at + 1, end - at - 2);
      const bool plain = value.find('\\') == std::string_view::npos;
      return plain && value.size() <= bytes_max && is_utf8(value) ? value : std::string_view();
    }
    if (object[stop] != ',') return {};
    at = stop + 1;
  }
}

}  // namespace laurel::gateway::internal
