#include "laurel/rules/rate.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "laurel/rules/decimal.h"

namespace laurel::rules {
namespace {

constexpr Rounding kAll[] = {Rounding::kDown, Rounding::kUp, Rounding::kHalfUp,
                             Rounding::kHalfEven};

TEST(Rate, RoundsOnceAtTheEnd) {
  // 3 x 1/2 x 2/3 is 1: rounded after each step it would be 0.
  EXPECT_EQ(product(3, {{1, 2}, {2, 3}}, Rounding::kDown), Int128{1});
  EXPECT_EQ(product(1999, {{1, 1000}, {3, 1}}, Rounding::kDown), Int128{5});
}

TEST(Rate, RoundsAsStated) {
  const auto rounded = [](Int128 amount, std::uint64_t den) {
    std::vector<Int128> out;
    for (const Rounding rounding : kAll) out.push_back(*product(amount, {{1, den}}, rounding));
    return out;
  };
  EXPECT_EQ(rounded(5, 2), (std::vector<Int128>{2, 3, 3, 2}));
  EXPECT_EQ(rounded(7, 2), (std::vector<Int128>{3, 4, 4, 4}));
  EXPECT_EQ(rounded(-5, 2), (std::vector<Int128>{-3, -2, -2, -2}));
  EXPECT_EQ(rounded(-7, 2), (std::vector<Int128>{-4, -3, -3, -4}));
  EXPECT_EQ(rounded(7, 3), (std::vector<Int128>{2, 3, 2, 2}));
  EXPECT_EQ(rounded(8, 3), (std::vector<Int128>{2, 3, 3, 3}));
  EXPECT_EQ(rounded(6, 3), (std::vector<Int128>{2, 2, 2, 2}));
  EXPECT_EQ(rounded(0, 3), (std::vector<Int128>{0, 0, 0, 0}));
}

TEST(Rate, WhatFitsInTheEndIsNotLostOnTheWay) {
  EXPECT_EQ(
      product(kInt128Max, {{UINT64_MAX, 1}, {UINT64_MAX, 1}, {1, UINT64_MAX}, {1, UINT64_MAX}},
              Rounding::kDown),
      kInt128Max);
  EXPECT_EQ(product(kInt128Max, {{3, 2}, {1, 3}}, Rounding::kDown), kInt128Max / 2);
}

TEST(Rate, WhatDoesNotFitIsNothing) {
  EXPECT_EQ(product(kInt128Max, {{2, 1}}, Rounding::kDown), std::nullopt);
  EXPECT_EQ(product(kInt128Max, {{UINT64_MAX, 1}, {UINT64_MAX, 1}}, Rounding::kDown), std::nullopt);
  EXPECT_EQ(product(kInt128Max - 1, {{UINT64_MAX, UINT64_MAX}, {1, 1}}, Rounding::kUp),
            kInt128Max - 1);
  // 2^127 - 1/2, rounded up, is one too many.
  Exact exact;
  exact.add(static_cast<Uint128>(kInt128Max), 2);
  exact.add(1);
  exact.multiply({1, 2});
  EXPECT_EQ(exact.round(Rounding::kDown), kInt128Max);
  EXPECT_EQ(exact.round(Rounding::kUp), std::nullopt);
}

TEST(Rate, MoreFactorsThanThereIsRoomForAreAnError) {
  Exact exact;
  exact.add(1);
  for (std::size_t i = 0; i < kFactorsMax; ++i) exact.multiply({UINT64_MAX, UINT64_MAX});
  EXPECT_EQ(exact.round(Rounding::kDown), Int128{1});
  exact.multiply({UINT64_MAX, UINT64_MAX});
  EXPECT_EQ(exact.round(Rounding::kDown), std::nullopt);
}

TEST(Rate, SumsAreRoundedAsOne) {
  Exact exact;  // (1/3 + 1/3 + 1/3) as thirds
  exact.add(1);
  exact.add(1);
  exact.add(1);
  exact.multiply({1, 3});
  EXPECT_EQ(exact.round(Rounding::kDown), Int128{1});
  EXPECT_TRUE(Exact().is_zero());
  EXPECT_EQ(Exact().round(Rounding::kUp), Int128{0});
}

TEST(Rate, ScalesShiftByPowersOfTen) {
  Exact exact;
  exact.add(123'456'789);
  exact.shift(38);
  exact.shift(-38);
  exact.shift(-4);
  EXPECT_EQ(exact.round(Rounding::kDown), Int128{12'345});
  EXPECT_EQ(exact.round(Rounding::kUp), Int128{12'346});
}

TEST(Rate, AHalfWithAnythingBelowItIsMoreThanAHalf) {
  const auto even = [](Uint128 rest) {
    Exact exact;  // 2 and a half, and `rest` of what is too small to see
    exact.add(Uint128{10} << 63);
    exact.add(rest);
    exact.multiply({1, 1ULL << 63});
    exact.multiply({1, 4});
    return exact.round(Rounding::kHalfEven);
  };
  EXPECT_EQ(even(0), Int128{2});
  EXPECT_EQ(even(1), Int128{3});
}

TEST(Rate, RatiosAreComparedAndReducedExactly) {
  EXPECT_EQ(reduced({6, 4}), (Ratio{3, 2}));
  EXPECT_EQ(reduced({0, 7}), (Ratio{0, 1}));
  EXPECT_TRUE(less({UINT64_MAX - 1, UINT64_MAX}, {1, 1}));
  EXPECT_FALSE(less({2, 4}, {1, 2}));
}

// Against plain 128-bit arithmetic, where that suffices: small denominators, so that halves occur.
TEST(Rate, AgreesWithPlainArithmeticWhereThatFits) {
  std::mt19937_64 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  for (int i = 0; i < 2'000; ++i) {
    const auto amount = static_cast<Int128>(random() % 2000) - 1000;
    // Denominators that do not fit one limb together, so that there are several digits of rest.
    const std::uint64_t large = (1ULL << 62) + random() % 3;
    const Ratio a{random() % 6 + 1, random() % 6 + 1};
    const Ratio b{random() % 6 + 1, random() % 6 + 1};
    const Int128 n = amount * Int128{a.num} * Int128{b.num};
    const auto d = Int128{a.den} * Int128{b.den};
    const Int128 floor = floor_div(n, d);
    const Int128 twice = 2 * (n - floor * d);
    const Int128 half_up = floor + (twice >= d ? 1 : 0);
    const Int128 half_even = floor + (twice > d || (twice == d && floor % 2 != 0) ? 1 : 0);
    const Int128 expected[] = {floor, floor + (twice != 0 ? 1 : 0), half_up, half_even};
    for (std::size_t r = 0; r < 4; ++r) {
      ASSERT_EQ(product(amount, {a, b}, kAll[r]), expected[r]);
      ASSERT_EQ(product(amount, {a, {large, 1}, b, {1, large}, {large, large}}, kAll[r]),
                expected[r]);
    }
  }
}

TEST(Decimal, IsReadExactly) {
  EXPECT_EQ(parse_decimal("0.50")->digits, 50);
  EXPECT_EQ(parse_decimal("0.50")->scale, 2U);
  EXPECT_EQ(units_down(*parse_decimal("0.50"), 1), Int128{5});
  EXPECT_EQ(units_down(*parse_decimal("0.55"), 1), Int128{5});
  EXPECT_EQ(units_up(*parse_decimal("0.55"), 1), Int128{6});
  EXPECT_EQ(units_up(*parse_decimal("3"), 2), Int128{300});
  EXPECT_EQ(units_up(*parse_decimal("100000000000000000000"), 38), std::nullopt);
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1 ", "1.2.3", "1_000", "0x1",
                           "999999999999999999999999999999999999999"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

}  // namespace
}  // namespace laurel::rules
