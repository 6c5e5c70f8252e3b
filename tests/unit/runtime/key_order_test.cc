// Keys put in order beside std::sort.
#include "key_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace laurel::runtime::internal {
namespace {

std::vector<std::string> ordered(const std::vector<std::string>& keys) {
  KeyOrder order;
  order.reserve(keys.size());
  for (std::uint32_t at = 0; at < keys.size(); ++at) order.add(keys[at], at);
  order.sort();
  std::vector<std::string> out;
  order.each([&](std::uint32_t at) { out.push_back(keys[at]); });
  return out;
}

void expect_sorted(std::vector<std::string> keys) {
  const std::vector<std::string> out = ordered(keys);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(out, keys);
}

TEST(KeyOrder, KeysThatBeginAlike) {
  std::mt19937 random(3);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  for (const std::size_t count : {0U, 1U, 2U, 24U, 25U, 26U, 100U, 5'000U}) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string player = "p-" + std::to_string(random() % 3'000);
      const std::string board = "board-" + std::to_string(random() % 10) + "@2026-01-01T00:00Z";
      switch (random() % 4) {
        case 0:
          keys.push_back(std::string("player") + '\0' + player + '\0');
          break;
        case 1:
          keys.push_back(std::string("entry") + '\0' + board + "/" + player + '\0' + '\0');
          break;
        case 2:
          keys.push_back(std::string("tournament") + '\0' + board + '\0' + player);
          break;
        default:
          keys.push_back(std::string("tournament") + '\0' + board + '\0');
      }
    }
    expect_sorted(keys);
  }
}

TEST(KeyOrder, KeysThatEndAmongZerosAndHighBytes) {
  std::mt19937 random(5);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  std::vector<std::string> keys;
  for (int i = 0; i < 20'000; ++i) {
    std::string key(random() % 20, '\0');
    for (char& c : key) {
      const char some[] = {'\0', '\0', '\x01', '\x7f', '\x80', '\xff'};
      c = some[random() % sizeof(some)];
    }
    keys.push_back(key);
  }
  expect_sorted(keys);
}

TEST(KeyOrder, OneKeyOverAndOverAndKeysInOrderAlready) {
  expect_sorted(std::vector<std::string>(1'000, "the same key, longer than a word"));
  expect_sorted(std::vector<std::string>(1'000, ""));
  std::vector<std::string> keys;
  for (int i = 0; i < 9'999; ++i) keys.push_back(std::to_string(i + 10'000'000));
  expect_sorted(keys);
  std::reverse(keys.begin(), keys.end());
  expect_sorted(keys);
}

// Against the middle of three: each pivot is the second smallest of what is left.
TEST(KeyOrder, KeysThatSomebodyChose) {
  constexpr std::size_t kKeys = 60'000;
  std::vector<std::size_t> places(kKeys);
  std::vector<std::size_t> values(kKeys);
  for (std::size_t at = 0; at < kKeys; ++at) places[at] = at;
  std::size_t first = 0, value = 0;
  while (kKeys - first > 2) {
    const std::size_t left = kKeys - first;
    values[places[first]] = value++;
    values[places[first + left / 2]] = value++;
    std::swap(places[first + 1], places[first + left / 2]);
    first += 2;
  }
  for (; first < kKeys; ++first) values[places[first]] = value++;
  std::vector<std::string> keys;
  for (const std::size_t each : values) keys.push_back(std::to_string(each + 10'000'000));
  expect_sorted(keys);
}

}  // namespace
}  // namespace laurel::runtime::internal
