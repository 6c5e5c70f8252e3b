#include "demo_screen.h"

#include <gtest/gtest.h>

namespace laurel::node {
namespace {

TEST(DemoScreen, ClipsAtTheWindowAndCountsNoEscapeSequence) {
  EXPECT_EQ(clipped("abcdef", 4), "abcd");
  EXPECT_EQ(clipped("abc", 4), "abc");
  EXPECT_EQ(clipped("\x1b[1mabcdef\x1b[0m", 4), "\x1b[1mabcd\x1b[0m");
  EXPECT_EQ(clipped("", 0), "");
}

TEST(DemoScreen, GroupsDigitsByThree) {
  EXPECT_EQ(grouped("0"), "0");
  EXPECT_EQ(grouped("999"), "999");
  EXPECT_EQ(grouped("1000"), "1,000");
  EXPECT_EQ(grouped("-100"), "-100");
  EXPECT_EQ(grouped("-1234567"), "-1,234,567");
}

}  // namespace
}  // namespace laurel::node
