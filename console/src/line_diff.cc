#include "line_diff.h"

#include <algorithm>
#include <vector>

namespace laurel::console {
namespace {

constexpr int kChangesMax = 1000;
constexpr std::size_t kContext = 3;

using Lines = std::vector<std::string_view>;

struct Edit {
  char kind = ' ';  // ' ' both, '-' before only, '+' after only
  std::string_view line;
};

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The shortest way from a to b, as edits; nothing when it is longer than kChangesMax.
bool shortest(const Lines& a, const Lines& b, std::vector<Edit>& edits) {
  const int n = static_cast<int>(a.size());
  const int m = static_cast<int>(b.size());
  const int limit = std::min(n + m, kChangesMax);
  const auto at = [offset = std::ptrdiff_t{limit} + 1](int k) {
    return static_cast<std::size_t>(k + offset);
  };
  std::vector<int> furthest(static_cast<std::size_t>(limit) * 2 + 3, 0);
  std::vector<std::vector<int>> trace;
  const auto goes_down = [&](const std::vector<int>& v, int k, int d) {
    return k == -d || (k != d && v[at(k - 1)] < v[at(k + 1)]);
  };
  int found = -1;
  for (int d = 0; d <= limit && found < 0; ++d) {
    trace.push_back(furthest);
    for (int k = -d; k <= d; k += 2) {
      int x = goes_down(furthest, k, d) ? furthest[at(k + 1)] : furthest[at(k - 1)] + 1;
      while (x < n && x - k < m &&
             a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) {
        ++x;
      }
      furthest[at(k)] = x;
      if (x >= n && x - k >= m) {
        found = d;
        break;
      }
    }
  }
  if (found < 0) return false;
  int x = n;
  int y = m;
  for (int d = found; d >= 0; --d) {
    const auto& v = trace[static_cast<std::size_t>(d)];
    const int k = x - y;
    const bool down = goes_down(v, k, d);
    const int from_k = down ? k + 1 : k - 1;
    const int from_x = d == 0 ? 0 : v[at(from_k)];
    const int from_y = d == 0 ? 0 : from_x - from_k;
    while (x > from_x && y > from_y) {
      --x, --y;
      edits.push_back({' ', a[static_cast<std::size_t>(x)]});
    }
    if (d == 0) break;
    if (down) {
      --y;
      edits.push_back({'+', b[static_cast<std::size_t>(y)]});
    } else {
      --x;
      edits.push_back({'-', a[static_cast<std::size_t>(x)]});
    }
  }
  std::reverse(edits.begin(), edits.end());
  return true;
}

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  const auto cut = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                 lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  const Lines a_middle = cut(a);
  const Lines b_middle = cut(b);
  std::vector<Edit> middle;
  if (!shortest(a_middle, b_middle, middle)) {
    middle.clear();
    for (const auto line : a_middle) middle.push_back({'-', line});
    for (const auto line : b_middle) middle.push_back({'+', line});
  }
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < head; ++i) edits.push_back({' ', a[i]});
  edits.insert(edits.end(), middle.begin(), middle.end());
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) edits.push_back({' ', a[i]});
  return edits;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after) {
  const std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::string out;
  std::size_t a_line = 1;  // of edits[i]
  std::size_t b_line = 1;
  for (std::size_t i = 0; i < edits.size();) {
    if (edits[i].kind == ' ') {
      ++i, ++a_line, ++b_line;
      continue;
    }
    const std::size_t back = std::min(kContext, i);  // nothing but context lies behind
    const std::size_t first = i - std::min({back, a_line - 1, b_line - 1});
    std::size_t end = i;
    for (std::size_t j = i; j < edits.size() && j <= end + 2 * kContext; ++j) {
      if (edits[j].kind != ' ') end = j;
    }
    end = std::min(end + 1 + kContext, edits.size());
    const std::size_t a_first = a_line - (i - first);
    const std::size_t b_first = b_line - (i - first);
    std::size_t a_count = 0;
    std::size_t b_count = 0;
    std::string hunk;
    for (std::size_t j = first; j < end; ++j) {
      a_count += edits[j].kind != '+' ? 1 : 0;
      b_count += edits[j].kind != '-' ? 1 : 0;
      hunk.append(1, edits[j].kind).append(edits[j].line).append("\n");
    }
    out += "@@ -" + std::to_string(a_count == 0 ? a_first - 1 : a_first) + "," +
           std::to_string(a_count) + " +" + std::to_string(b_count == 0 ? b_first - 1 : b_first) +
           "," + std::to_string(b_count) + " @@\n" + hunk;
    a_line = a_first + a_count;
    b_line = b_first + b_count;
    i = end;
  }
  return out;
}

}  // namespace laurel::console
