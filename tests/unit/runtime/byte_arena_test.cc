#include "laurel/runtime/byte_arena.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace laurel::runtime {
namespace {

TEST(ByteArena, WhatWasKeptStaysAsItWasWhateverComesAfter) {
  ByteArena arena;
  std::vector<std::pair<std::string, std::string_view>> kept;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < 3000; ++i) {
    std::string text(i % 700 + (i == 1500 ? 1'000'000 : 0), static_cast<char>('a' + i % 26));
    const std::string_view view = arena.keep(text);
    bytes += text.size();
    kept.emplace_back(std::move(text), view);
  }
  EXPECT_EQ(arena.used(), bytes);
  const ByteArena moved = std::move(arena);
  for (const auto& [text, view] : kept) ASSERT_EQ(view, text);
  EXPECT_EQ(moved.used(), bytes);
}

TEST(ByteArena, IsEmptyAfterItWasMovedOrCleared) {
  ByteArena arena;
  arena.keep("one");
  ByteArena other = std::move(arena);
  EXPECT_EQ(arena.used(), 0U);  // NOLINT(bugprone-use-after-move): what is told
  const std::string_view two = arena.keep("two");
  EXPECT_EQ(two, "two");
  other.clear();
  EXPECT_EQ(other.used(), 0U);
  EXPECT_EQ(other.keep("three"), "three");
  EXPECT_EQ(two, "two");
}

TEST(ByteArena, NoTextIsNotNothing) {
  ByteArena arena;
  EXPECT_NE(arena.keep({}).data(), nullptr);
  EXPECT_TRUE(arena.keep({}).empty());
}

}  // namespace
}  // namespace laurel::runtime
