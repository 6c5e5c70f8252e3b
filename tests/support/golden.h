/// Golden bytes of tests/data/formats: what earlier versions stored.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace laurel::testing {

inline std::string golden_text(const std::string& name) {
  std::ifstream file(std::string(LAUREL_SOURCE_DIR) + "/tests/data/formats/" + name);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Hexadecimal digits; blanks, and from `#` to the end of a line, are for the reader.
inline std::string golden(const std::string& name) {
  std::string bytes;
  int high = -1;
  bool comment = false;
  for (const char c : golden_text(name)) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (comment || std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    const int digit = std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  EXPECT_EQ(high, -1);
  return bytes;
}

inline std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 0xf];
  }
  return out;
}

}  // namespace laurel::testing
