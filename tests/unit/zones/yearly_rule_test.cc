#include "yearly_rule.h"

#include <gtest/gtest.h>

#include "laurel/api/civil.h"

namespace laurel::adapters::internal {
namespace {

TEST(YearlyRule, ReadsTheFormsOfTzdata) {
  const auto paris = parse_yearly_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(paris);
  EXPECT_EQ(paris->standard_s, 3600);
  EXPECT_EQ(paris->summer_s, 7200);
  EXPECT_EQ(paris->to_summer.second, 2 * 3600);
  EXPECT_EQ(paris->to_standard.second, 3 * 3600);
  const auto lord_howe = parse_yearly_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
  ASSERT_TRUE(lord_howe);
  EXPECT_EQ(lord_howe->standard_s, 37'800);
  EXPECT_EQ(lord_howe->summer_s, 39'600);
  const auto kolkata = parse_yearly_rule("IST-5:30");
  ASSERT_TRUE(kolkata);
  EXPECT_FALSE(kolkata->has_summer);
  const auto nuuk = parse_yearly_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  ASSERT_TRUE(nuuk);
  EXPECT_EQ(nuuk->standard_s, -7200);
  EXPECT_EQ(nuuk->to_summer.second, -3600);
}

TEST(YearlyRule, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "CE-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J60,J300",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "<CET-1", "CET-1:60"}) {
    EXPECT_FALSE(parse_yearly_rule(text)) << text;
  }
}

TEST(YearlyRule, FindsTheDayOfTheMonth) {
  const auto day = [](YearlyChange change, std::int64_t year) {
    return civil_of(when_in_year(change, year)).day;
  };
  EXPECT_EQ(day({3, 5, 0, 0}, 2021), 28);  // the last Sunday
  EXPECT_EQ(day({10, 5, 0, 0}, 2021), 31);
  EXPECT_EQ(day({2, 5, 0, 0}, 2021), 28);  // a month of four weeks
  EXPECT_EQ(day({3, 2, 0, 0}, 2021), 14);  // the second
  EXPECT_EQ(day({11, 1, 0, 0}, 2021), 7);
  EXPECT_EQ(day({10, 4, 4, 50 * 3600}, 2026), 24);  // 50 hours after the fourth Thursday
}

}  // namespace
}  // namespace laurel::adapters::internal
