#include "demo_screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace laurel::node {
namespace {

struct Window {
  std::size_t rows = 24, columns = 80;
};

Window window() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return {};
  }
  return {size.ws_row, size.ws_col};
}

}  // namespace

std::string clipped(std::string_view text, std::size_t columns) {
  std::string out;
  bool escape = false;
  for (const char c : text) {
    escape = escape || c == '\x1b';
    if (!escape) {
      if (columns == 0) continue;
      --columns;
    }
    out.push_back(c);
    if (escape && c >= '@' && c != '[') escape = false;
  }
  return out;
}

std::string grouped(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    if (i != 0 && left % 3 == 0 && out != "-") out.push_back(',');
    out.push_back(digits[i]);
  }
  return out;
}

bool Screen::possible() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr && *terminal != '\0' &&
         std::string_view(terminal) != "dumb";
}

Screen::Screen() { std::fputs("\x1b[?1049h\x1b[?25l", stdout); }

Screen::~Screen() {
  std::fputs("\x1b[?25h\x1b[?1049l", stdout);
  for (const std::string& line : lines_) std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// Each line is written over the one before and the rest of it erased: nothing flickers.
void Screen::draw(std::vector<std::string> lines, const std::string& hint) {
  lines_ = lines;
  lines.emplace_back();
  lines.push_back(hint);
  const Window size = window();
  std::fputs("\x1b[H", stdout);
  for (std::size_t i = 0; i < std::min(lines.size(), size.rows); ++i) {
    std::printf("%s%s\x1b[K", i == 0 ? "" : "\r\n", clipped(lines[i], size.columns).c_str());
  }
  std::fputs("\x1b[J", stdout);
  std::fflush(stdout);
}

}  // namespace laurel::node
