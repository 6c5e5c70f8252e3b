#include "laurel/node/generator.h"

#include <gtest/gtest.h>

namespace laurel::node {
namespace {

TEST(Generator, AnEventIsAFunctionOfSeedAndIndex) {
  const Generator one({.seed = 3, .players = 100});
  const Generator again({.seed = 3, .players = 100});
  const Generator other({.seed = 4, .players = 100});
  std::string a, b, c;
  for (std::uint64_t i = 0; i < 100; ++i) {
    one.append(99 - i, a);
    other.append(99 - i, c);
  }
  for (std::uint64_t i = 0; i < 100; ++i) again.append(99 - i, b);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(Generator, TheFirstPlayersPlayMost) {
  const Generator generator({.seed = 1, .players = 1000});
  std::string text;
  std::size_t first = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    text.clear();
    generator.append(i, text);
    if (text.find("\"subject\":\"p-0\"") != std::string::npos) ++first;
  }
  EXPECT_GT(first, 800U);
  EXPECT_LT(first, 2500U);
}

}  // namespace
}  // namespace laurel::node
