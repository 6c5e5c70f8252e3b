#include "stable_list.h"

#include <gtest/gtest.h>

#include <vector>

namespace laurel::runtime::internal {
namespace {

std::vector<int> all_of(const StableList<int>& list) {
  std::vector<int> out;
  list.each([&](int value) { out.push_back(value); });
  return out;
}

TEST(StableList, KeepsPlaceAndOrderWhileItGrows) {
  StableList<int> list;
  std::vector<int*> places;
  std::vector<int> wanted;
  for (int i = 0; i < 1'000; ++i) {
    places.push_back(&list.push_back(i));
    wanted.push_back(i);
  }
  EXPECT_EQ(all_of(list), wanted);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(*places[static_cast<std::size_t>(i)], i);
}

TEST(StableList, StartsAnewInTheSamePlacesWhenCleared) {
  StableList<int> list;
  const int* const first = &list.push_back(1);
  for (int i = 0; i < 600; ++i) list.push_back(i);
  list.clear();
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(all_of(list).empty());
  if (!kSanitized) {
    EXPECT_EQ(&list.push_back(7), first);
  } else {
    list.push_back(7);
  }
  for (int i = 0; i < 2'000; ++i) list.push_back(i);  // more than it kept
  EXPECT_EQ(list.size(), 2'001U);
  EXPECT_EQ(all_of(list).back(), 1'999);
}

TEST(StableList, KeepsMemoryForAsMuchAsItHeld) {
  StableList<int> list;
  for (int i = 0; i < 2'000; ++i) list.push_back(i);
  list.clear();
  EXPECT_EQ(list.capacity(), kSanitized ? 0U : 2'048U);
  list.push_back(1);
  list.clear();
  EXPECT_LE(list.capacity(), 256U);
  list.clear();
  EXPECT_EQ(list.capacity(), 0U);
}

}  // namespace
}  // namespace laurel::runtime::internal
