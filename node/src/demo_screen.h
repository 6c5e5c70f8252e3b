/// Screen: a table drawn again and again, on a terminal's second screen, so that what the person
/// had before is there again afterwards.
///
/// Limits     What does not fit the window is left out, below and at the right.
/// Threads    One at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace laurel::node {

/// `text` with its first `columns` characters; escape sequences do not count and are kept.
std::string clipped(std::string_view text, std::size_t columns);
/// 1234567 as 1,234,567.
std::string grouped(std::string_view digits);

class Screen {
 public:
  /// Standard output is a terminal that can be drawn on.
  static bool possible();
  Screen();
  /// Back to the first screen, where the last lines are left.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// `hint` goes below the lines and is not left behind.
  void draw(std::vector<std::string> lines, const std::string& hint);

 private:
  std::vector<std::string> lines_;
};

}  // namespace laurel::node
