#include "laurel/node/generator.h"

#include <gtest/gtest.h>

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

std::string member_of(const std::string& text, const std::string& name) {
  const auto at = text.find("\"" + name + "\":\"");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return text.substr(begin, text.find('"', begin) - begin);
}

TEST(Generator, VoidsAndDuplicatesAreAboutWagersShortlyBefore) {
  const Generator generator(
      {.seed = 7, .players = 50, .voids_permille = 20, .duplicates_permille = 30});
  std::map<std::string, std::string> wagers;  // tx -> text
  std::size_t voids = 0, repeats = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    std::string text;
    generator.append(i, text);
    if (const std::string tx = member_of(text, "voids_tx_id"); !tx.empty()) {
      ++voids;
      ASSERT_TRUE(wagers.contains(tx)) << text;
      EXPECT_EQ(member_of(wagers[tx], "subject"), member_of(text, "subject"));
      continue;
    }
    const auto [known, fresh] = wagers.emplace(member_of(text, "tx_id"), text);
    EXPECT_EQ(known->second, text);
    repeats += fresh ? 0 : 1;
  }
  EXPECT_GT(voids, 50U);
  EXPECT_GT(repeats, 80U);
}

}  // namespace
}  // namespace laurel::node
