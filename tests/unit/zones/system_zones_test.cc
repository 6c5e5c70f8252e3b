#include "laurel/adapters/zones/system_zones.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "laurel/api/civil.h"

namespace laurel::adapters {
namespace {

constexpr std::int64_t kHour = 3600 * kMicrosPerSecond;

CivilTime civil(std::int32_t year, int month, int day, int hour, int minute = 0, int second = 0) {
  CivilTime out;
  out.year = year;
  out.month = static_cast<std::uint8_t>(month);
  out.day = static_cast<std::uint8_t>(day);
  out.second = static_cast<std::uint32_t>(hour * 3600 + minute * 60 + second);
  out.weekday = weekday_of(day_number(year, out.month, out.day));
  return out;
}

std::int64_t utc(std::int32_t year, int month, int day, int hour, int minute = 0, int second = 0) {
  return seconds_of(civil(year, month, day, hour, minute, second)) * kMicrosPerSecond;
}

struct SystemZonesTest : ::testing::Test {
  // Both ways: the instant shows the reading, the reading is the instant.
  void same(std::string_view zone, const CivilTime& shown, std::int64_t instant) {
    EXPECT_EQ(zones.to_civil(zone, instant), shown) << zone;
    EXPECT_EQ(zones.to_utc(zone, shown), instant) << zone;
  }
  SystemZones zones;
};

TEST_F(SystemZonesTest, ParisSkipsAnHourInSpring2021) {
  same("Europe/Paris", civil(2021, 3, 28, 1, 59, 59), utc(2021, 3, 28, 0, 59, 59));
  same("Europe/Paris", civil(2021, 3, 28, 3), utc(2021, 3, 28, 1));
  // 02:00 to 02:59:59 is never shown: it means the jump.
  EXPECT_EQ(zones.to_utc("Europe/Paris", civil(2021, 3, 28, 2)), utc(2021, 3, 28, 1));
  EXPECT_EQ(zones.to_utc("Europe/Paris", civil(2021, 3, 28, 2, 30)), utc(2021, 3, 28, 1));
  EXPECT_EQ(zones.to_utc("Europe/Paris", civil(2021, 3, 28, 2, 59, 59)), utc(2021, 3, 28, 1));
  // The day has 23 hours.
  EXPECT_EQ(*zones.to_utc("Europe/Paris", civil(2021, 3, 29, 0)) -
                *zones.to_utc("Europe/Paris", civil(2021, 3, 28, 0)),
            23 * kHour);
}

TEST_F(SystemZonesTest, ParisShowsAnHourTwiceInAutumn2021) {
  same("Europe/Paris", civil(2021, 10, 31, 1, 59, 59), utc(2021, 10, 30, 23, 59, 59));
  same("Europe/Paris", civil(2021, 10, 31, 2, 30), utc(2021, 10, 31, 0, 30));
  EXPECT_EQ(zones.to_civil("Europe/Paris", utc(2021, 10, 31, 1, 30)), civil(2021, 10, 31, 2, 30));
  same("Europe/Paris", civil(2021, 10, 31, 3), utc(2021, 10, 31, 2));
  EXPECT_EQ(*zones.to_utc("Europe/Paris", civil(2021, 11, 1, 0)) -
                *zones.to_utc("Europe/Paris", civil(2021, 10, 31, 0)),
            25 * kHour);
}

TEST_F(SystemZonesTest, NewYorkChangesOnOtherDays) {
  same("America/New_York", civil(2021, 3, 14, 1, 59, 59), utc(2021, 3, 14, 6, 59, 59));
  same("America/New_York", civil(2021, 3, 14, 3), utc(2021, 3, 14, 7));
  EXPECT_EQ(zones.to_utc("America/New_York", civil(2021, 3, 14, 2, 15)), utc(2021, 3, 14, 7));
  same("America/New_York", civil(2021, 11, 7, 1), utc(2021, 11, 7, 5));
  EXPECT_EQ(zones.to_civil("America/New_York", utc(2021, 11, 7, 6)), civil(2021, 11, 7, 1));
  same("America/New_York", civil(2021, 11, 7, 2), utc(2021, 11, 7, 7));
}

TEST_F(SystemZonesTest, LordHoweMovesByHalfAnHour) {
  same("Australia/Lord_Howe", civil(2021, 4, 4, 1, 29, 59), utc(2021, 4, 3, 14, 29, 59));
  same("Australia/Lord_Howe", civil(2021, 4, 4, 1, 45), utc(2021, 4, 3, 14, 45));
  EXPECT_EQ(zones.to_civil("Australia/Lord_Howe", utc(2021, 4, 3, 15, 15)),
            civil(2021, 4, 4, 1, 45));
  same("Australia/Lord_Howe", civil(2021, 10, 3, 2, 30), utc(2021, 10, 2, 15, 30));
  EXPECT_EQ(zones.to_utc("Australia/Lord_Howe", civil(2021, 10, 3, 2, 10)),
            utc(2021, 10, 2, 15, 30));
}

TEST_F(SystemZonesTest, KolkataIsHalfAnHourOffAndUtcIsNot) {
  same("Asia/Kolkata", civil(2021, 7, 1, 5, 30), utc(2021, 7, 1, 0));
  same("UTC", civil(2021, 7, 1, 0), utc(2021, 7, 1, 0));
  same("UTC", civil(2024, 2, 29, 23, 59, 59), utc(2024, 2, 29, 23, 59, 59));
}

TEST_F(SystemZonesTest, FractionsOfASecondAreDroppedTowardsThePast) {
  EXPECT_EQ(zones.to_civil("UTC", utc(2021, 1, 1, 0) - 1), civil(2020, 12, 31, 23, 59, 59));
  EXPECT_EQ(zones.to_civil("UTC", -1), civil(1969, 12, 31, 23, 59, 59));
  EXPECT_EQ(zones.to_civil("UTC", 999'999), civil(1970, 1, 1, 0));
}

TEST_F(SystemZonesTest, WhatNobodyKnowsIsNoZone) {
  const std::vector<std::string_view> nobody = {"Mars/Olympus",
                                                "",
                                                "Europe",
                                                "../../../etc/passwd",
                                                "europe/paris",
                                                "zone.tab",
                                                std::string_view("U\0C", 3)};
  for (const std::string_view zone : nobody) {
    EXPECT_FALSE(zones.known(zone)) << zone;
    EXPECT_EQ(zones.to_civil(zone, 0), std::nullopt) << zone;
    EXPECT_EQ(zones.to_utc(zone, civil(2021, 1, 1, 0)), std::nullopt) << zone;
  }
  EXPECT_TRUE(zones.known("Europe/Paris"));
  EXPECT_TRUE(zones.known("US/Eastern"));
}

TEST_F(SystemZonesTest, ADayThatNoCalendarHasIsNoInstant) {
  for (auto [month, day] : {std::pair{2, 30}, {0, 1}, {13, 1}, {4, 31}, {1, 0}, {2, 29}}) {
    CivilTime wrong;
    wrong.year = 2021;
    wrong.month = static_cast<std::uint8_t>(month);
    wrong.day = static_cast<std::uint8_t>(day);
    EXPECT_EQ(zones.to_utc("UTC", wrong), std::nullopt) << month << "-" << day;
  }
  auto late = civil(2021, 1, 1, 0);
  late.second = 86'400;
  EXPECT_EQ(zones.to_utc("UTC", late), std::nullopt);
}

TEST_F(SystemZonesTest, SummerGoesOnAfterTheTableEnds) {
  same("Europe/Paris", civil(2100, 7, 1, 12), utc(2100, 7, 1, 10));
  same("Europe/Paris", civil(2100, 1, 1, 12), utc(2100, 1, 1, 11));
  same("Europe/Paris", civil(2100, 3, 28, 3), utc(2100, 3, 28, 1));  // the last Sunday
  same("America/New_York", civil(2199, 7, 1, 12), utc(2199, 7, 1, 16));
  same("Australia/Lord_Howe", civil(2100, 1, 1, 12), utc(2100, 1, 1, 1));
  same("Asia/Kolkata", civil(2150, 7, 1, 5, 30), utc(2150, 7, 1, 0));
}

TEST_F(SystemZonesTest, ThereIsNoTimeThatItCannotBeAsked) {
  for (const std::int64_t instant : {INT64_MIN, INT64_MAX, std::int64_t{0}}) {
    EXPECT_NE(zones.to_civil("Europe/Paris", instant), std::nullopt);
  }
  EXPECT_EQ(zones.to_utc("UTC", civil(200'001, 1, 1, 0)), std::nullopt);
}

// The changes of a year, walked in steps: every reading that is shown is found again.
TEST_F(SystemZonesTest, EveryInstantIsFoundAgainUnlessItsReadingCameBefore) {
  for (const std::string_view zone : {"Europe/Paris", "America/New_York", "Australia/Lord_Howe"}) {
    int repeated = 0;
    for (std::int64_t at = utc(2021, 1, 1, 0); at < utc(2022, 1, 1, 0); at += kHour / 4) {
      const std::int64_t back = *zones.to_utc(zone, *zones.to_civil(zone, at));
      if (back != at) {
        ++repeated;
        EXPECT_LT(back, at);
        EXPECT_EQ(zones.to_civil(zone, back), zones.to_civil(zone, at));
      }
    }
    EXPECT_EQ(repeated, zone == "Australia/Lord_Howe" ? 2 : 4);
  }
}

TEST_F(SystemZonesTest, ManyThreadsMayAskForAZoneFirst) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (const char* zone : {"Asia/Tokyo", "Europe/Malta", "America/Chicago", "Asia/Tokyo"}) {
        EXPECT_TRUE(zones.known(zone));
      }
    });
  }
}

}  // namespace
}  // namespace laurel::adapters
