#include "flat_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace laurel::runtime::internal {
namespace {

struct Named {
  std::string name;
};
struct NameOf {
  std::string_view operator()(const Named& named) const { return named.name; }
};

TEST(FlatIndex, AgreesWithAMapThroughAddsErasesAndClears) {
  std::mt19937 random(11);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  FlatIndex<Named, NameOf> index;
  std::unordered_map<std::string, std::unique_ptr<Named>> wanted;
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = "n" + std::to_string(random() % 300);
    const auto it = wanted.find(name);
    ASSERT_EQ(index.find(name), it == wanted.end() ? nullptr : it->second.get());
    if (it == wanted.end()) {
      const auto added = wanted.emplace(name, std::make_unique<Named>(Named{name})).first;
      index.add(added->second.get());
    } else if (random() % 2 == 0) {
      index.erase(it->second.get());
      wanted.erase(it);
    }
    if (random() % 5'000 == 0) {
      index.clear();
      wanted.clear();
    }
    ASSERT_EQ(index.size(), wanted.size());
  }
  std::size_t seen = 0;
  index.each([&](const Named& named) { seen += wanted.contains(named.name) ? 1 : 0; });
  EXPECT_EQ(seen, wanted.size());
}

TEST(FlatIndex, FindsAfterAClearOfWhateverSize) {
  FlatIndex<Named, NameOf> index;
  std::vector<std::unique_ptr<Named>> named;
  for (int i = 0; i < 20'000; ++i) {
    named.push_back(std::make_unique<Named>(Named{"n" + std::to_string(i)}));
  }
  for (const std::size_t count : {20'000U, 3U, 20'000U, 900U, 0U, 5U}) {  // many, few, as before
    for (std::size_t i = 0; i < count; ++i) index.add(named[i].get());
    for (std::size_t i = 0; i < 1'000; ++i) {
      ASSERT_EQ(index.find(named[i]->name), i < count ? named[i].get() : nullptr) << count;
    }
    index.clear();
    ASSERT_EQ(index.size(), 0U);
    ASSERT_EQ(index.find(named[0]->name), nullptr);
    ASSERT_LE(index.slots(), std::max<std::size_t>(2'048, count * 8));  // no more than it was for
  }
}

TEST(FlatIndex, HasNothingAtFirst) {
  const FlatIndex<Named, NameOf> index;
  EXPECT_EQ(index.find(""), nullptr);
  EXPECT_EQ(index.size(), 0U);
}

}  // namespace
}  // namespace laurel::runtime::internal
