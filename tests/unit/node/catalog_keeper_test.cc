#include "laurel/node/catalog_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/testkit/utc_zones.h"
#include "support/scripted_engine.h"

namespace laurel::node {
namespace {

using laurel::testing::ScriptedDisk;
using laurel::testing::ScriptedEngine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeUs kSecond = 1'000'000;

struct Plan {};

// Any message may be a document.
config::CatalogReader reader_of(const Zones& zones, bool strict = false) {
  auto reader = config::CatalogReader::make(
      {settings_spec<contract::WagerVoided, Plan>(
          "program",
          [strict](const contract::WagerVoided& document, const Zones&, Problems& bad) {
            if (strict || document.voids_tx_id() == "bad") bad.add("voids_tx_id", "is bad");
            return std::make_shared<const Plan>();
          })},
      zones);
  return std::move(*reader);
}

config::CatalogFiles files(const std::string& tx) {
  return {"", {{"program.toml", "voids_tx_id = \"" + tx + "\"\n"}}};
}

struct Keeper : ::testing::Test {
  Keeper() { EXPECT_TRUE(open().ok()); }

  runtime::Status open(const config::CatalogFiles* folder = nullptr, bool strict = false) {
    keeper.reset();
    engine = std::make_unique<ScriptedEngine>(disk);
    reader.emplace(reader_of(zones, strict));
    keeper.emplace(*reader, hasher, *engine,
                   CatalogKeeper::Options{60 * kSecond, [this] { return now; }, false});
    return keeper->start(folder);
  }
  void open_folder(const std::string& tx) {
    const auto folder = files(tx);
    now -= kSecond;  // it was a second ago
    ASSERT_TRUE(open(&folder).ok());
    now += kSecond;
  }
  runtime::CatalogAnswer publish(runtime::CatalogPublication publication) {
    auto answer = keeper->publish(publication);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return *answer;
  }
  runtime::CatalogAnswer publish(const std::string& tx) { return publish({files(tx).texts}); }
  std::string document(std::uint64_t number) {
    return keeper->current()->version(number)->documents()[0].toml;
  }

  TimeUs now = 1'771'264'800 * kSecond;
  UtcZones zones;
  adapters::OpenSslHasher hasher;
  std::shared_ptr<ScriptedDisk> disk = std::make_shared<ScriptedDisk>(1);
  std::unique_ptr<ScriptedEngine> engine;
  std::optional<config::CatalogReader> reader;
  std::optional<CatalogKeeper> keeper;
};

TEST_F(Keeper, StoresTheFolderOfTheFirstStartAsVersionOne) {
  EXPECT_EQ(keeper->current()->newest().number(), 0U);
  open_folder("a");
  EXPECT_EQ(keeper->current()->newest().number(), 1U);
  EXPECT_EQ(keeper->current()->at(runtime::kFromTheBeginning).number(), 1U);
  EXPECT_FALSE(keeper->differs(files("a")));
}

TEST_F(Keeper, ALaterStartKeepsWhatIsStoredWhateverTheFolderSays) {
  open_folder("a");
  open_folder("b");
  EXPECT_EQ(keeper->current()->newest().number(), 1U);
  EXPECT_EQ(document(1), "voids_tx_id = \"a\"\n");
  EXPECT_TRUE(keeper->differs(files("b")));
  const auto bad = files("bad");
  EXPECT_TRUE(open(&bad).ok());
}

TEST_F(Keeper, RefusesABadFolderOnTheFirstStart) {
  const auto folder = files("bad");
  const auto status = open(&folder);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, runtime::ErrorCode::kConfigInvalid);
  EXPECT_EQ(status.error().message, "program.toml:1:15: voids_tx_id: is bad");
  EXPECT_THAT(*engine->read_catalog(1), IsEmpty());
}

TEST_F(Keeper, APublishedVersionBeginsALeadAfterItsPublicationOrLater) {
  open_folder("a");
  const auto second = publish("b");
  EXPECT_TRUE(second.created);
  EXPECT_EQ(second.version->number(), 2U);
  EXPECT_EQ(second.version->terms().live_from_us, now + 60 * kSecond);
  now += kSecond;
  const auto third = publish({files("c").texts, now + 3600 * kSecond});
  EXPECT_EQ(third.version->terms().effective_from_us, now + 3600 * kSecond);
  EXPECT_EQ(keeper->current()->at(now + 60 * kSecond).number(), 2U);
  EXPECT_EQ(keeper->current()->at(now + 3600 * kSecond).number(), 3U);
}

TEST_F(Keeper, RefusesAVersionThatWouldBeginTooEarlyAndSaysWhenItMay) {
  open_folder("a");
  const auto refused = publish({files("b").texts, now + 59 * kSecond});
  ASSERT_EQ(refused.problems.size(), 1U);
  EXPECT_EQ(refused.problems[0].file, "effective_from");
  EXPECT_THAT(refused.problems[0].message,
              HasSubstr("2026-02-16T18:00:59.000000Z is too early; allowed: from "
                        "2026-02-16T18:01:00.000000Z on"));
  EXPECT_EQ(keeper->current()->newest().number(), 1U);
}

TEST_F(Keeper, WithHistoryAVersionLooksBackForBackfillsOpenedAfterIt) {
  open_folder("a");
  const auto back = publish({files("b").texts, now - 3600 * kSecond, true});
  EXPECT_TRUE(back.created);
  const auto catalog = keeper->current();
  EXPECT_EQ(catalog->at(now - kSecond).number(), 1U);
  EXPECT_EQ(catalog->at(now - kSecond, {2}).number(), 2U);
  EXPECT_EQ(catalog->at(now + 60 * kSecond).number(), 2U);
  const auto ever = publish({files("c").texts, std::nullopt, true});
  EXPECT_EQ(ever.version->terms().effective_from_us, runtime::kFromTheBeginning);
}

TEST_F(Keeper, TheSameContentIsNoNewVersion) {
  open_folder("a");
  const auto same = publish("a");
  EXPECT_FALSE(same.created);
  EXPECT_EQ(same.version->number(), 1U);
  EXPECT_EQ(engine->read_catalog(1)->size(), 1U);
}

TEST_F(Keeper, RefusesABadDocumentAndGoesOn) {
  open_folder("a");
  const auto refused = publish("bad");
  ASSERT_EQ(refused.problems.size(), 1U);
  EXPECT_EQ(refused.problems[0].line, 1U);
  EXPECT_EQ(refused.version, nullptr);
  EXPECT_EQ(engine->read_catalog(1)->size(), 1U);
  EXPECT_TRUE(publish("b").created);
}

TEST_F(Keeper, ChecksOnlyWhenToldSo) {
  open_folder("a");
  runtime::CatalogPublication publication{files("b").texts};
  publication.validate_only = true;
  const auto answer = publish(publication);
  EXPECT_FALSE(answer.created);
  EXPECT_EQ(answer.version->number(), 2U);
  EXPECT_EQ(keeper->current()->newest().number(), 1U);
  EXPECT_EQ(engine->read_catalog(1)->size(), 1U);
}

TEST_F(Keeper, NamesTheVersionsThatNeverBegin) {
  open_folder("a");
  publish({files("b").texts, now + 3600 * kSecond});
  const auto sooner = publish({files("c").texts, now + 600 * kSecond});
  EXPECT_THAT(sooner.supersedes, ElementsAre(2U));
  const auto later = publish({files("d").texts, now + 1200 * kSecond});
  EXPECT_THAT(later.supersedes, ElementsAre(2U));
}

TEST_F(Keeper, VersionsSurviveARestartWithAllTheySay) {
  open_folder("a");
  publish({files("b").texts, now - kSecond, true, "why"});
  const auto before = keeper->current()->newest().terms();
  ASSERT_TRUE(open().ok());
  const auto after = keeper->current()->newest().terms();
  EXPECT_EQ(after.number, 2U);
  EXPECT_EQ(after.effective_from_us, before.effective_from_us);
  EXPECT_EQ(after.live_from_us, before.live_from_us);
  EXPECT_EQ(after.note, "why");
  EXPECT_NE(keeper->current()->newest().plan(plan_id<Plan>()), nullptr);
  EXPECT_EQ(document(2), "voids_tx_id = \"b\"\n");
}

TEST_F(Keeper, DoesNotStartWithAStoredVersionThatThisBuildRefuses) {
  open_folder("a");
  const auto status = open(nullptr, true);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("version 1 of the stored catalog is not accepted"));
  EXPECT_THAT(status.error().message, HasSubstr("program.toml:1:15: voids_tx_id: is bad"));
}

TEST_F(Keeper, IsPublishedLaterThanTheVersionBeforeWhateverTheClockDoes) {
  open_folder("a");
  publish("b");
  now -= 3600 * kSecond;
  const auto third = publish("c");
  EXPECT_GT(third.version->terms().published_us,
            keeper->current()->version(2)->terms().published_us);
}

TEST_F(Keeper, GivesEachNewCatalogToWhoeverListens) {
  open_folder("a");
  std::vector<std::uint64_t> seen;
  keeper->on_new(
      [&](const CatalogKeeper::CatalogPtr& next) { seen.push_back(next->newest().number()); });
  publish("b");
  publish("bad");
  publish("c");
  EXPECT_THAT(seen, ElementsAre(2U, 3U));
}

}  // namespace
}  // namespace laurel::node
