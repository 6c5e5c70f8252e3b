#include "laurel/node/generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

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

TEST(Generator, VoidsAndDuplicatesAreAboutWagersShortlyBefore) {
  const Generator generator(
      {.seed = 7, .players = 50, .voids_permille = 20, .duplicates_permille = 30});
  std::map<std::string, std::size_t> wagers;  // text -> how often
  std::size_t voids = 0, repeats = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    std::string text;
    generator.append(i, text);
    if (const auto at = text.find("\"voids_tx_id\":"); at != std::string::npos) {
      ++voids;
      const std::string tx = text.substr(at + 15, text.find('"', at + 16) - at - 15);
      const bool known = std::any_of(wagers.begin(), wagers.end(), [&](const auto& wager) {
        return wager.first.find("\"tx_id\":" + tx) != std::string::npos;
      });
      EXPECT_TRUE(known || voids >= 5) << text;
    } else if (wagers[text]++ > 0) {
      ++repeats;
    }
  }
  EXPECT_GT(voids, 250U);
  EXPECT_GT(repeats, 350U);
}

}  // namespace
}  // namespace laurel::node
