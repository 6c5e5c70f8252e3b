// What the guides show as catalog documents is read and compiled as they say.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "actors/streak/streak.h"
#include "laurel/adapters/zones/system_zones.h"
#include "laurel/config/toml_reader.h"
#include "laurel/rules/tournaments_plan.h"

namespace laurel::config {
namespace {

// The first block of TOML in a Markdown file of the project.
std::string first_toml(const std::string& path) {
  std::ifstream file(std::string(LAUREL_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::string fence = "```toml\n";
  const auto from = all.find(fence);
  if (from == std::string::npos) return {};
  const auto begin = from + fence.size();
  return all.substr(begin, all.find("```", begin) - begin);
}

TEST(GuideDocuments, TheTournamentsOfTheGuideAreAsItSays) {
  contract::Tournaments document;
  const auto status = read_toml(first_toml("docs/guide/tournaments.md"), "guide", document);
  ASSERT_TRUE(status) << status.error().message;
  Problems problems;
  const adapters::SystemZones zones;
  const auto plan = rules::TournamentsPlan::compile(document, zones, problems);
  for (const Problem& each : problems.all()) ADD_FAILURE() << each.path << ": " << each.message;
  ASSERT_NE(plan, nullptr);
  ASSERT_EQ(plan->all().size(), 3U);
  const auto& weekly = plan->all()[0];
  EXPECT_EQ(rules::run_id(weekly.id, weekly.schedule.begins()), "weekly-slots@2026-02-16T18:00Z");
  EXPECT_EQ(weekly.op, contract::SCORE_OPERATOR_TOTAL_WIN);
  const auto& race = plan->all()[1];
  EXPECT_EQ(race.grace_us, 300'000'000);
  EXPECT_EQ(race.scale, 6U);
  const auto friday = race.schedule.run_at(*rules::parse_utc_minute("2026-02-20T19:30Z"));
  ASSERT_TRUE(friday);
  EXPECT_EQ(rules::run_id(race.id, friday->start), "evening-race@2026-02-20T19:00Z");
  EXPECT_EQ(plan->all()[2].grace_us, rules::kGraceDefaultUs);
}

TEST(GuideDocuments, TheSettingsOfTheStreakAreGood) {
  actors::streak::Settings settings;
  const auto status = read_toml(first_toml("actors/streak/README.md"), "streak", settings);
  ASSERT_TRUE(status) << status.error().message;
  Problems problems;
  const adapters::SystemZones zones;
  EXPECT_NE(actors::streak::compile(settings, zones, problems), nullptr);
  EXPECT_EQ(settings.days(), 7U);
}

}  // namespace
}  // namespace laurel::config
