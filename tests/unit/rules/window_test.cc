#include "laurel/rules/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "laurel/adapters/zones/system_zones.h"
#include "laurel/api/civil.h"

namespace laurel::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeUs kMinute = 60 * kMicrosPerSecond;

TimeUs utc(const char* text) { return seconds_of(*parse_civil(text)) * kMicrosPerSecond; }

struct WindowTest : ::testing::Test {
  Window compile(const WindowText& text) {
    complaints.clear();
    return Window(text, zones, "w", [this](const std::string& path, const std::string& what) {
      complaints.push_back(path + ": " + what);
    });
  }
  Window every(std::string_view text, std::string_view zone = "Europe/Paris") {
    auto window = compile({.every = {text}, .zone = zone});
    EXPECT_THAT(complaints, IsEmpty());
    return window;
  }
  // Minutes of [from, to) that are in the window.
  static int minutes(const Window& window, const char* from, const char* to) {
    int out = 0;
    for (TimeUs at = utc(from); at < utc(to); at += kMinute) out += window.contains(at) ? 1 : 0;
    return out;
  }
  adapters::SystemZones zones;
  std::vector<std::string> complaints;
};

TEST_F(WindowTest, WithoutAnyTimeIsAlwaysOpen) {
  EXPECT_TRUE(Window().contains(0));
  EXPECT_TRUE(compile({.zone = "UTC"}).contains(INT64_MIN));
}

TEST_F(WindowTest, IncludesItsBeginAndNotItsEndInTheZone) {
  const auto window =
      compile({.from = "2021-07-01 18:00", .to = "2021-07-02", .zone = "Europe/Paris"});
  EXPECT_FALSE(window.contains(utc("2021-07-01 16:00") - 1));
  EXPECT_TRUE(window.contains(utc("2021-07-01 16:00")));
  EXPECT_TRUE(window.contains(utc("2021-07-01 22:00") - 1));
  EXPECT_FALSE(window.contains(utc("2021-07-01 22:00")));
}

TEST_F(WindowTest, ADayOfTheChangeHas23Or25Hours) {
  const auto day = [&](const char* from, const char* to, std::string_view zone) {
    const auto window = compile({.from = from, .to = to, .zone = zone});
    // A day is within the two before and after it, in any zone.
    const TimeUs middle = utc(from);
    int out = 0;
    for (TimeUs at = middle - 2 * 1440 * kMinute; at < middle + 3 * 1440 * kMinute; at += kMinute) {
      out += window.contains(at) ? 1 : 0;
    }
    return out;
  };
  EXPECT_EQ(day("2021-03-28", "2021-03-29", "Europe/Paris"), 23 * 60);
  EXPECT_EQ(day("2021-10-31", "2021-11-01", "Europe/Paris"), 25 * 60);
  EXPECT_EQ(day("2021-03-14", "2021-03-15", "America/New_York"), 23 * 60);
  EXPECT_EQ(day("2021-11-07", "2021-11-08", "America/New_York"), 25 * 60);
  EXPECT_EQ(day("2021-04-04", "2021-04-05", "Australia/Lord_Howe"), 24 * 60 + 30);
}

TEST_F(WindowTest, RecursOnItsDaysWhateverTheOffset) {
  const auto window = every("Fri 18:00-22:00");
  EXPECT_FALSE(window.contains(utc("2021-07-02 15:59:59")));
  EXPECT_TRUE(window.contains(utc("2021-07-02 16:00")));  // summer: UTC+2
  EXPECT_FALSE(window.contains(utc("2021-07-02 20:00")));
  EXPECT_TRUE(window.contains(utc("2021-12-03 17:00")));  // winter: UTC+1
  EXPECT_FALSE(window.contains(utc("2021-12-03 16:59:59")));
  EXPECT_FALSE(window.contains(utc("2021-12-04 18:00")));  // Saturday
  EXPECT_EQ(minutes(window, "2021-03-22", "2021-04-05"), 2 * 4 * 60);
}

TEST_F(WindowTest, AnHourThatComesTwiceIsInItTwiceAndOneThatIsSkippedNever) {
  const auto window = every("daily 02:00-03:00");
  EXPECT_EQ(minutes(window, "2021-10-30 22:00", "2021-10-31 23:00"), 120);
  EXPECT_TRUE(window.contains(utc("2021-10-31 00:30")));
  EXPECT_TRUE(window.contains(utc("2021-10-31 01:30")));
  EXPECT_FALSE(window.contains(utc("2021-10-31 02:00")));
  EXPECT_EQ(minutes(window, "2021-03-27 23:00", "2021-03-28 22:00"), 0);
  // A longer one loses and gains just that hour.
  const auto night = every("daily 00:00-06:00");
  EXPECT_EQ(minutes(night, "2021-03-27 23:00", "2021-03-28 22:00"), 5 * 60);
  EXPECT_EQ(minutes(night, "2021-10-30 22:00", "2021-10-31 23:00"), 7 * 60);
}

TEST_F(WindowTest, GoesOnAfterMidnightAndFromSundayIntoMonday) {
  const auto window = every("Sun 22:00-02:00", "UTC");
  EXPECT_TRUE(window.contains(utc("2021-07-04 22:00")));  // Sunday
  EXPECT_TRUE(window.contains(utc("2021-07-05 01:59:59")));
  EXPECT_FALSE(window.contains(utc("2021-07-05 02:00")));
  EXPECT_FALSE(window.contains(utc("2021-07-04 01:00")));
  EXPECT_EQ(minutes(every("Fri 22:00-22:00", "UTC"), "2021-07-01", "2021-07-08"), 24 * 60);
}

TEST_F(WindowTest, DaysAreListedAndSpanned) {
  const auto hours = [&](std::string_view text) {
    return minutes(every(text, "UTC"), "2021-07-05", "2021-07-12") / 60;
  };
  EXPECT_EQ(hours("Sat"), 24);
  EXPECT_EQ(hours("Mon-Fri 09:00-17:00"), 40);
  EXPECT_EQ(hours("Fri-Mon 09:00-10:00"), 4);
  EXPECT_EQ(hours("Mon,Wed-Thu,Sun 00:00-24:00"), 96);
  EXPECT_EQ(hours("daily 23:00-01:00"), 14);
}

TEST_F(WindowTest, SeveralRecurWithinItsEnds) {
  const auto window = compile({.from = "2021-07-05",
                               .to = "2021-07-12",
                               .every = {"Mon 10:00-11:00", "daily 10:30-12:00"},
                               .zone = "UTC"});
  EXPECT_EQ(minutes(window, "2021-07-01", "2021-07-15"), 7 * 90 + 30);
}

TEST_F(WindowTest, ComplainsOfWhatCannotBe) {
  compile({.zone = "Mars/Olympus"});
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("w.zone: \"Mars/Olympus\" is no zone")));
  compile({.from = "2021-02-29", .to = "tomorrow", .zone = "UTC"});
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("w.from: \"2021-02-29\" is no time"),
                                      HasSubstr("w.to: \"tomorrow\" is no time")));
  compile({.from = "2021-07-01", .to = "2021-07-01", .zone = "UTC"});
  EXPECT_THAT(complaints, ElementsAre("w.to: is not after from"));
  for (const char* text : {"", "Fry 18:00-22:00", "Fri 18:00", "Fri 25:00-26:00", "Fri 24:00-01:00",
                           "Fri  18:00-22:00", "fri 18:00-22:00", "Fri 18:60-19:00", "Fri,",
                           "Fri 1:00-2:00", "daily18:00-22:00", "Fri 18:00-22:00 "}) {
    compile({.every = {text}, .zone = "UTC"});
    EXPECT_THAT(complaints, ElementsAre(HasSubstr("w.every[0]: "))) << text;
  }
}

TEST_F(WindowTest, TheDayIsThatOfTheZone) {
  EXPECT_EQ(local_day(zones, "UTC", utc("1970-01-02")), 1);
  EXPECT_EQ(local_day(zones, "UTC", -1), -1);
  EXPECT_EQ(*local_day(zones, "Europe/Paris", utc("2021-03-27 23:00")) -
                *local_day(zones, "Europe/Paris", utc("2021-03-27 22:59:59")),
            1);
  EXPECT_EQ(*local_day(zones, "America/New_York", utc("2021-11-08 04:59:59")),
            *local_day(zones, "America/New_York", utc("2021-11-07 04:00")));
  EXPECT_EQ(local_day(zones, "Mars/Olympus", 0), std::nullopt);
}

}  // namespace
}  // namespace laurel::rules
