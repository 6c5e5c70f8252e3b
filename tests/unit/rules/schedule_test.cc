#include "laurel/rules/schedule.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "laurel/adapters/zones/system_zones.h"

namespace laurel::rules {
namespace {

using contract::Tournament;

constexpr TimeUs kHour = 3600LL * 1'000'000;

struct ScheduleTest : ::testing::Test {
  Tournament tournament(const std::string& start) {
    Tournament out;
    out.set_id("t");
    out.set_zone("Europe/Paris");
    out.set_start(start);
    return out;
  }
  Schedule compile(const Tournament& from) {
    Problems problems;
    auto out = Schedule::compile(from, zones, "tournament[0]", problems);
    for (const Problem& each : problems.all()) ADD_FAILURE() << each.path << ": " << each.message;
    return out.value_or(Schedule());
  }
  // Where the problems are, in order; "" for none.
  std::string problems_of(const Tournament& from) {
    Problems problems;
    const bool compiled = Schedule::compile(from, zones, "t", problems).has_value();
    EXPECT_EQ(compiled, problems.empty());
    std::string out;
    for (const Problem& each : problems.all()) out += (out.empty() ? "" : " ") + each.path;
    return out;
  }
  std::string run_at(const Schedule& schedule, const std::string& minute, TimeUs more = 0) {
    const auto run = schedule.run_at(*parse_utc_minute(minute) + more);
    return run ? utc_minute(run->start) + " " + utc_minute(run->end) : "none";
  }
  std::vector<std::string> runs(const Schedule& schedule, const std::string& from,
                                const std::string& to) {
    std::vector<std::string> out;
    schedule.runs_between(*parse_utc_minute(from), *parse_utc_minute(to),
                          [&](const RunWindow& run) {
                            out.push_back(utc_minute(run.start) + " " + utc_minute(run.end));
                            return out.size() < 100;
                          });
    return out;
  }
  adapters::SystemZones zones;
};

using Texts = std::vector<std::string>;

TEST_F(ScheduleTest, OneRunHoldsItsStartAndNotItsEnd) {
  auto once = tournament("2026-02-16T19:00");
  once.set_end("2026-02-23T19:00");
  const Schedule schedule = compile(once);
  EXPECT_EQ(run_at(schedule, "2026-02-16T18:00Z"), "2026-02-16T18:00Z 2026-02-23T18:00Z");
  EXPECT_EQ(run_at(schedule, "2026-02-16T18:00Z", -1), "none");
  EXPECT_EQ(run_at(schedule, "2026-02-23T18:00Z", -1), "2026-02-16T18:00Z 2026-02-23T18:00Z");
  EXPECT_EQ(run_at(schedule, "2026-02-23T18:00Z"), "none");
  EXPECT_EQ(runs(schedule, "2026-01-01T00:00Z", "2027-01-01T00:00Z").size(), 1U);
  EXPECT_TRUE(runs(schedule, "2026-02-23T18:00Z", "2027-01-01T00:00Z").empty());
  EXPECT_EQ(run_id("weekly-slots", schedule.begins()), "weekly-slots@2026-02-16T18:00Z");
}

TEST_F(ScheduleTest, ADailyRunKeepsItsReadingOverBothClockChanges) {
  auto daily = tournament("2026-03-27T20:00");
  daily.add_at("20:00");
  daily.set_duration("1d");
  const Schedule schedule = compile(daily);
  // The clocks jump on 2026-03-29: that run has 23 hours; on 2026-10-25 one has 25.
  EXPECT_EQ(runs(schedule, "2026-03-28T12:00Z", "2026-03-29T20:00Z"),
            (Texts{"2026-03-27T19:00Z 2026-03-28T19:00Z", "2026-03-28T19:00Z 2026-03-29T18:00Z",
                   "2026-03-29T18:00Z 2026-03-30T18:00Z"}));
  EXPECT_EQ(run_at(schedule, "2026-10-25T18:59Z"), "2026-10-24T18:00Z 2026-10-25T19:00Z");
}

TEST_F(ScheduleTest, ADurationInDaysEndsAtTheSameReading) {
  auto even = tournament("2026-03-26T20:00");
  even.set_every("2d");
  even.set_duration("1d");
  const Schedule schedule = compile(even);
  EXPECT_EQ(runs(schedule, "2026-03-28T00:00Z", "2026-03-31T00:00Z"),
            (Texts{"2026-03-28T19:00Z 2026-03-29T18:00Z", "2026-03-30T18:00Z 2026-03-31T18:00Z"}));
  EXPECT_EQ(run_at(schedule, "2026-03-29T18:30Z"), "none");
}

TEST_F(ScheduleTest, ElapsedHoursLeaveAGapInAutumnAndAreCutInSpring) {
  auto daily = tournament("2026-03-27T20:00");
  daily.set_every("1d");
  daily.set_duration("24h");
  const Schedule schedule = compile(daily);
  EXPECT_EQ(run_at(schedule, "2026-03-29T17:59Z"), "2026-03-28T19:00Z 2026-03-29T18:00Z");
  EXPECT_EQ(run_at(schedule, "2026-10-25T18:30Z"), "none");
  EXPECT_EQ(run_at(schedule, "2026-10-25T17:59Z"), "2026-10-24T18:00Z 2026-10-25T18:00Z");
}

TEST_F(ScheduleTest, AStartThatIsSkippedIsTheJumpAndOneThatComesTwiceIsTheFirst) {
  auto daily = tournament("2026-03-01T02:30");
  daily.add_at("02:30");
  daily.add_at("03:00");
  const Schedule schedule = compile(daily);
  EXPECT_EQ(runs(schedule, "2026-03-28T23:00Z", "2026-03-29T23:00Z"),
            (Texts{"2026-03-28T02:00Z 2026-03-29T01:00Z", "2026-03-29T01:00Z 2026-03-30T00:30Z"}));
  EXPECT_EQ(run_at(schedule, "2026-10-25T01:45Z"), "2026-10-25T00:30Z 2026-10-25T02:00Z");
}

TEST_F(ScheduleTest, NamedDaysLeaveGaps) {
  auto weekend = tournament("2026-02-16T00:00");
  weekend.add_at("20:00");
  weekend.add_at("22:00");
  weekend.add_on(contract::WEEKDAY_FRIDAY);
  weekend.add_on(contract::WEEKDAY_SATURDAY);
  weekend.set_duration("90m");
  const Schedule schedule = compile(weekend);
  EXPECT_EQ(runs(schedule, "2026-02-16T00:00Z", "2026-02-23T00:00Z"),
            (Texts{"2026-02-20T19:00Z 2026-02-20T20:30Z", "2026-02-20T21:00Z 2026-02-20T22:30Z",
                   "2026-02-21T19:00Z 2026-02-21T20:30Z", "2026-02-21T21:00Z 2026-02-21T22:30Z"}));
  EXPECT_EQ(run_at(schedule, "2026-02-20T20:45Z"), "none");
  EXPECT_EQ(run_at(schedule, "2026-02-26T12:00Z"), "none");
}

TEST_F(ScheduleTest, EveryHoursByElapsedTimeUntilTheEnd) {
  auto hourly = tournament("2026-03-28T20:00");
  hourly.set_every("6h");
  hourly.set_end("2026-03-29T10:00");
  const Schedule schedule = compile(hourly);
  EXPECT_EQ(runs(schedule, "2026-03-28T00:00Z", "2026-04-01T00:00Z"),
            (Texts{"2026-03-28T19:00Z 2026-03-29T01:00Z", "2026-03-29T01:00Z 2026-03-29T07:00Z",
                   "2026-03-29T07:00Z 2026-03-29T08:00Z"}));
  EXPECT_EQ(utc_minute(schedule.ends()), "2026-03-29T08:00Z");
}

TEST_F(ScheduleTest, ALastRunMayGoOnBehindTheEndWhenItHasADuration) {
  auto daily = tournament("2026-01-01T20:00");
  daily.set_every("1d");
  daily.set_duration("3h");
  daily.set_end("2026-01-02T21:00");
  const Schedule schedule = compile(daily);
  EXPECT_EQ(utc_minute(schedule.ends()), "2026-01-02T22:00Z");
  EXPECT_EQ(run_at(schedule, "2026-01-02T21:30Z"), "2026-01-02T19:00Z 2026-01-02T22:00Z");
  EXPECT_EQ(run_at(schedule, "2026-01-03T19:30Z"), "none");
}

TEST_F(ScheduleTest, RunsBetweenAndRunAtAgreeAndNeverOverlap) {
  const char* const zone_names[] = {"Europe/Paris", "America/New_York", "Australia/Lord_Howe",
                                    "Asia/Kathmandu", "UTC"};
  std::uint64_t seed = 1;
  const auto next = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % bound;
  };
  for (int round = 0; round < 60; ++round) {
    auto random = tournament("2026-03-0" + std::to_string(1 + next(9)) + "T0" +
                             std::to_string(next(10)) + ":30");
    random.set_zone(zone_names[next(5)]);
    if (next(2) == 0) {
      random.set_every(std::to_string(1 + next(9)) + (next(2) == 0 ? "d" : "h"));
    } else {
      random.add_at("0" + std::to_string(next(4)) + ":30");
      random.add_at("23:30");
      if (next(2) == 0) random.add_on(static_cast<contract::Weekday>(1 + next(7)));
    }
    if (next(2) == 0) random.set_duration(std::to_string(1 + next(30)) + "h");
    const Schedule schedule = compile(random);
    const TimeUs from = *parse_utc_minute("2026-03-20T00:00Z");
    const TimeUs to = from + 24 * 30 * kHour;
    std::vector<RunWindow> all;
    schedule.runs_between(from, to, [&](const RunWindow& run) {
      all.push_back(run);
      return true;
    });
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_LT(all[i].start, all[i].end);
      if (i > 0) {
        ASSERT_LE(all[i - 1].end, all[i].start);
      }
      EXPECT_EQ(schedule.run_at(all[i].start), all[i]);
      EXPECT_EQ(schedule.run_at(all[i].end - 1), all[i]);
    }
    for (TimeUs time = from; time < to; time += 37 * kHour / 3) {
      const auto found = std::find_if(all.begin(), all.end(), [&](const RunWindow& run) {
        return run.start <= time && time < run.end;
      });
      const auto run = schedule.run_at(time);
      ASSERT_EQ(run.has_value(), found != all.end()) << random.ShortDebugString() << " " << time;
      if (run) {
        EXPECT_EQ(*run, *found);
      }
    }
  }
}

TEST_F(ScheduleTest, WhatIsRememberedIsOfItsOwnScheduleAndTime) {
  auto daily = tournament("2026-03-01T20:00");
  daily.set_every("1d");
  daily.set_duration("2h");
  auto longer = daily;
  longer.set_duration("3h");
  const Schedule two = compile(daily);
  const Schedule three = compile(longer);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(run_at(two, "2026-03-02T21:30Z"), "none");
    EXPECT_EQ(run_at(three, "2026-03-02T21:30Z"), "2026-03-02T19:00Z 2026-03-02T22:00Z");
    EXPECT_EQ(run_at(two, "2026-03-02T20:59Z"), "2026-03-02T19:00Z 2026-03-02T21:00Z");
    EXPECT_EQ(run_at(two, "2026-03-03T18:59Z"), "none");
    EXPECT_EQ(run_at(two, "2026-03-03T19:00Z"), "2026-03-03T19:00Z 2026-03-03T21:00Z");
  }
}

TEST_F(ScheduleTest, TimesFarAwayHoldNoRun) {
  auto daily = tournament("2026-01-01T20:00");
  daily.set_every("1d");
  auto hourly = tournament("2026-01-01T20:00");
  hourly.set_every("1h");
  for (const auto& each : {daily, hourly}) {
    const Schedule schedule = compile(each);
    for (const TimeUs time :
         {std::numeric_limits<TimeUs>::min(), TimeUs{0}, std::numeric_limits<TimeUs>::max() - 1}) {
      EXPECT_FALSE(schedule.run_at(time)) << time;
    }
  }
}

TEST_F(ScheduleTest, SaysWhereADocumentIsWrong) {
  EXPECT_EQ(problems_of(tournament("2026-02-30T19:00")), "t.start");
  auto bad = tournament("2026-02-16T19:00");
  EXPECT_EQ(problems_of(bad), "t.end");
  bad.set_end("2026-02-16T19:00");
  EXPECT_EQ(problems_of(bad), "t.end");
  bad.set_end("2026-02-17");
  EXPECT_EQ(problems_of(bad), "");
  bad.set_zone("Europe/Lutetia");
  EXPECT_EQ(problems_of(bad), "t.zone");
  bad.set_zone("");
  bad.add_on(contract::WEEKDAY_FRIDAY);
  EXPECT_EQ(problems_of(bad), "t.on");
  bad.add_at("24:00");
  bad.set_every("90s");
  bad.set_duration("4000d");
  EXPECT_EQ(problems_of(bad), "t.duration t.at t.every");
  bad.set_every("");
  bad.set_duration("1h");
  EXPECT_EQ(problems_of(bad), "t.at[0]");
}

TEST(RunId, ReadsWhatItWritesAndNothingElse) {
  const auto name = parse_run_id("weekly-slots@2026-02-16T18:00Z");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->tournament, "weekly-slots");
  EXPECT_EQ(run_id(name->tournament, name->start), "weekly-slots@2026-02-16T18:00Z");
  for (const char* bad : {"", "a", "@2026-02-16T18:00Z", "a@2026-02-16T18:00",
                          "a@2026-13-16T18:00Z", "a@2026-02-16T18:00Zx", "a@2026-02-16"}) {
    EXPECT_FALSE(parse_run_id(bad)) << bad;
  }
}

}  // namespace
}  // namespace laurel::rules
