// Which actors leave memory, and when.
#include <gtest/gtest.h>

#include <string>

#include "activation.h"

namespace laurel::runtime::internal {
namespace {

struct ActivationsTest : ::testing::Test {
  Activation& add(const std::string& name, std::int64_t now_us) {
    Activation fresh;
    fresh.name = name;
    fresh.bytes = 100;
    Activation& added = all.add(std::move(fresh), HashedName(name).hash);
    all.touch(added, now_us, kGrain);
    return added;
  }
  void use(const std::string& name, std::int64_t now_us) {
    all.touch(*all.find(name), now_us, kGrain);
  }
  std::size_t passivate(std::size_t bytes_max, std::int64_t used_since_us) {
    return all.passivate({.bytes_max = bytes_max,
                          .board_bytes_max = 1000,
                          .used_since_us = used_since_us,
                          .boards_used_since_us = used_since_us,
                          .durable = 5});
  }

  static constexpr std::int64_t kGrain = 10;
  Activations all;
};

TEST_F(ActivationsTest, IdleOnesLeaveWithinAGrainOfTheTime) {
  add("a", 0);
  add("b", 1);
  use("a", 9);  // within the grain: its place is that of 0
  EXPECT_EQ(passivate(1000, 1), 0U);
  EXPECT_EQ(passivate(1000, 2), 0U);  // b is idle, behind a
  EXPECT_EQ(passivate(1000, 10), 2U);
  add("c", 20);
  add("d", 21);
  use("c", 35);  // beyond the grain: it goes behind d
  EXPECT_EQ(passivate(1000, 30), 1U);
  EXPECT_NE(all.find("c"), nullptr);
  EXPECT_EQ(passivate(1000, 36), 1U);
  EXPECT_EQ(all.size(), 0U);
  EXPECT_EQ(all.bytes(), 0U);
}

TEST_F(ActivationsTest, BeyondTheBytesTheLeastRecentLeaveFirst) {
  for (int i = 0; i < 5; ++i) add(std::to_string(i), i);
  use("0", 50);
  use("2", 60);
  EXPECT_EQ(passivate(250, 0), 3U);
  EXPECT_NE(all.find("0"), nullptr);
  EXPECT_NE(all.find("2"), nullptr);
  // A clock that goes back changes nothing of the order.
  use("0", 7);
  EXPECT_EQ(passivate(150, 0), 1U);
  EXPECT_NE(all.find("0"), nullptr);
}

TEST_F(ActivationsTest, WhatIsNotDurableStays) {
  add("dirty", 0).dirty = true;
  add("written", 1).written_in = 6;
  add("durable", 2).written_in = 5;
  EXPECT_EQ(passivate(0, 0), 1U);
  EXPECT_EQ(all.find("durable"), nullptr);
  EXPECT_EQ(all.size(), 2U);
}

}  // namespace
}  // namespace laurel::runtime::internal
