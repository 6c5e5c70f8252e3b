// Keys put in order beside std::sort.
#include "key_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace laurel::runtime::internal {
namespace {

// Split so often at most; -1: as often as it does by itself.
std::vector<std::string> ordered(const std::vector<std::string>& keys, int splits) {
  KeyOrder order;
  order.reserve(keys.size());
  for (std::uint32_t at = 0; at < keys.size(); ++at) order.add(keys[at], at);
  splits < 0 ? order.sort() : order.sort(splits);
  std::vector<std::string> out;
  order.each([&](std::uint32_t at) { out.push_back(keys[at]); });
  return out;
}

void expect_sorted(const std::vector<std::string>& keys) {
  std::vector<std::string> wanted = keys;
  std::sort(wanted.begin(), wanted.end());
  // With few splits std::sort() takes over, as it does when keys were chosen to be split badly.
  for (const int splits : {-1, 0, 1, 2, 3, 5}) EXPECT_EQ(ordered(keys, splits), wanted) << splits;
}

TEST(KeyOrder, OrdersKeysThatBeginAlike) {
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

TEST(KeyOrder, OrdersKeysThatEndAmongZerosAndHighBytes) {
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

TEST(KeyOrder, OrdersOneKeyOverAndOverAndKeysInOrderAlready) {
  expect_sorted(std::vector<std::string>(1'000, "the same key, longer than a word"));
  expect_sorted(std::vector<std::string>(1'000, ""));
  std::vector<std::string> keys;
  for (int i = 0; i < 9'999; ++i) keys.push_back(std::to_string(i + 10'000'000));
  expect_sorted(keys);
  std::reverse(keys.begin(), keys.end());
  expect_sorted(keys);
}

}  // namespace
}  // namespace laurel::runtime::internal
