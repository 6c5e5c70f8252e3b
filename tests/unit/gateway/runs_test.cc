// Runs, positions, cursors and pins: the parts of /v1/tournaments that need no request.
#include "runs.h"

#include <gtest/gtest.h>

#include "board_cursor.h"
#include "boards.h"
#include "position.h"
#include "unit/gateway/fake_boards.h"

namespace laurel::gateway::internal {
namespace {

using laurel::testing::catalog_of;
using laurel::testing::FakeBoards;

constexpr TimeUs kHour = TimeUs{3600} * 1'000'000;
constexpr TimeUs kDay = 24 * kHour;
constexpr TimeUs kBegin = 1'771'200'000'000'000;  // 2026-02-16T00:00Z

contract::Tournaments every(const std::string& each, const std::string& duration) {
  contract::Tournaments out;
  auto& one = *out.add_tournament();
  one.set_id("t");
  one.set_operator_(contract::SCORE_OPERATOR_COUNT);
  one.set_start("2026-02-16T00:00");
  one.set_every(each);
  one.set_duration(duration);
  return out;
}

struct RunsTest : ::testing::Test {
  FakeBoards boards;
  Reads reads = boards.reads();
  std::shared_ptr<const runtime::Catalog> catalog = catalog_of(every("6h", "1h"));

  std::string around(TimeUs now) {
    const Runs runs(*catalog, reads, now);
    std::string out;
    for (const auto& terms : runs.around_now(*runs.definition("t")->plan)) {
      const auto run = runs.with_state("t", terms);
      out += run->id.substr(11) + "=" + run->state + " ";
    }
    return out;
  }
};

TEST_F(RunsTest, AroundNowAreTheLastTheCurrentAndTheNext) {
  EXPECT_EQ(around(kBegin - kDay), "6T00:00Z=upcoming ");
  EXPECT_EQ(around(kBegin + 1), "6T00:00Z=open 6T06:00Z=upcoming ");
  EXPECT_EQ(around(kBegin + kHour), "6T00:00Z=open 6T06:00Z=upcoming ") << "within its grace";
  EXPECT_EQ(around(kBegin + 2 * kHour), "6T00:00Z=final 6T06:00Z=upcoming ");
  EXPECT_EQ(around(kBegin + 6 * kHour), "6T00:00Z=final 6T06:00Z=open 6T12:00Z=upcoming ");
}

TEST_F(RunsTest, CurrentLastAndNextAreNames) {
  const Runs in_a_run(*catalog, reads, kBegin + 6 * kHour + 1);
  EXPECT_EQ(in_a_run.find("t", "current")->id, "t@2026-02-16T06:00Z");
  EXPECT_EQ(in_a_run.find("t", "last")->id, "t@2026-02-16T00:00Z");
  EXPECT_EQ(in_a_run.find("t", "next")->id, "t@2026-02-16T12:00Z");
  const Runs between(*catalog, reads, kBegin + 3 * kHour);
  EXPECT_EQ(between.find("t", "current").error().code, runtime::ErrorCode::kNotFound);
}

TEST_F(RunsTest, ARunIsDefinedByTheVersionInForceAtItsStart) {
  const TimeUs change = kBegin + 9 * kHour;
  catalog = catalog_of(every("2h", "1h"), *catalog, change);
  const Runs runs(*catalog, reads, kBegin + kDay);
  std::string found;
  runs.between("t", kBegin, kBegin + 13 * kHour, [&](const contract::RunTerms& terms) {
    found += std::to_string((terms.start_us() - kBegin) / kHour) + ":" +
             std::to_string(terms.catalog_version()) + " ";
    return true;
  });
  EXPECT_EQ(found, "0:1 6:1 10:2 12:2 ");
  EXPECT_TRUE(runs.find("t@2026-02-16T10:00Z").ok());
  EXPECT_FALSE(runs.find("t@2026-02-16T08:00Z").ok());
}

TEST_F(RunsTest, ARunThatGoesOnIsTheCurrentOneWhateverTheNewestVersionSays) {
  catalog = catalog_of(every("6h", "6h"), runtime::Catalog());
  catalog = catalog_of(every("4h", "1h"), *catalog, kBegin + 7 * kHour);
  const Runs runs(*catalog, reads, kBegin + 7 * kHour + 1);
  EXPECT_EQ(runs.find("t", "current")->id, "t@2026-02-16T06:00Z");
  EXPECT_EQ(runs.find("t", "last")->id, "t@2026-02-16T00:00Z");
  EXPECT_EQ(runs.find("t", "next")->id, "t@2026-02-16T08:00Z");
}

TEST_F(RunsTest, ATournamentThatIsNotInTheCatalogAnyMoreStillHasItsRuns) {
  catalog = catalog_of(contract::Tournaments(), *catalog, kBegin + 9 * kHour);
  const Runs runs(*catalog, reads, kBegin + kDay);
  EXPECT_TRUE(runs.definitions().empty());
  EXPECT_EQ(runs.definition("t")->catalog_version, 1U);
  EXPECT_TRUE(runs.find("t@2026-02-16T06:00Z").ok());
  EXPECT_FALSE(runs.find("t@2026-02-16T12:00Z").ok());
}

TEST_F(RunsTest, TheActorHasTheWordWhateverTheCatalogSays) {
  auto& root = boards.run("t@2020-01-01T00:00Z").root;
  root.set_state(actors::tournament::RUN_STATE_CLOSING);
  root.set_members(7);
  const auto run = Runs(*catalog, reads, kBegin).find("t@2020-01-01T00:00Z");
  EXPECT_EQ(run->state, "closing");
  EXPECT_EQ(run->members, 7U);
}

TEST(Positions, ComeBackAsTheyWere) {
  for (const auto kind : {Position::Kind::kRead, Position::Kind::kBoard, Position::Kind::kWrite}) {
    const auto back = parse_position(position_text({kind, {{0, 17}, {3, 1}}}), 4);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->kind, kind);
    EXPECT_EQ(back->commits.size(), 2U);
    EXPECT_EQ(back->commits[1], std::pair(runtime::PartitionId{3}, runtime::CommitNumber{1}));
  }
  EXPECT_TRUE(parse_position(position_text({Position::Kind::kWrite, {}}), 4)->commits.empty());
  EXPECT_FALSE(parse_position(position_text({Position::Kind::kRead, {{4, 1}}}), 4));
  for (const char* wrong : {"?", "MQ", "MTo", "OjE", "MDoxLDA"}) {
    EXPECT_FALSE(parse_position(wrong, 4)) << wrong;
  }
}

TEST(Cursors, ComeBackAsTheyWereWithTheirSecretAlone) {
  BoardCursor cursor{"run@x", true, 5, {{-7, 0, 0}, 99}, Tie{~0ULL}, "a b"};
  const std::string text = cursor_text(cursor, "secret");
  const auto back = parse_cursor(text, "secret");
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->run, cursor.run);
  EXPECT_EQ(back->member, cursor.member);
  EXPECT_EQ(back->key, cursor.key);
  EXPECT_EQ(back->tie, cursor.tie);
  EXPECT_EQ(back->version, 5U);
  EXPECT_TRUE(back->pinned);
  EXPECT_FALSE(parse_cursor(text, "other"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto read = parse_cursor(changed, "secret");
    // The last character may hold bits that stand for nothing.
    EXPECT_TRUE(!read || i + 1 == text.size()) << i;
  }
}

TEST(PinnedBoards, AreKeptForATimeAndTheLastUsedStay) {
  Pins pins;
  const auto start = Pins::Clock::time_point();
  const auto board = [](std::uint64_t version) {
    auto out = std::make_shared<RunBoard>();
    out->run.id = "r";
    out->version = version;
    return out;
  };
  pins.keep(board(1), start);
  EXPECT_NE(pins.find("r", 1, start + kPinTime), nullptr);
  EXPECT_NE(pins.find("r", 1, start + 2 * kPinTime), nullptr) << "used in between";
  EXPECT_EQ(pins.find("r", 1, start + 4 * kPinTime), nullptr);
  EXPECT_EQ(pins.find("q", 1, start), nullptr);
  for (std::uint64_t version = 1; version <= kPinsMax; ++version) pins.keep(board(version), start);
  EXPECT_NE(pins.find("r", 1, start), nullptr);
  pins.keep(board(kPinsMax + 1), start);
  EXPECT_NE(pins.find("r", 1, start), nullptr);
  EXPECT_EQ(pins.find("r", 2, start), nullptr) << "the least recently used goes";
}

}  // namespace
}  // namespace laurel::gateway::internal
