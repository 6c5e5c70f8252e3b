#include "laurel/config/catalog_reader.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "laurel/adapters/crypto/openssl_hasher.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/testkit/utc_zones.h"

namespace laurel::config {
namespace {

using ::testing::HasSubstr;

struct Stakes {};

// Any message may be a document.
std::shared_ptr<const Stakes> check_stakes(const contract::WagerVoided& document, const Zones&,
                                           laurel::Problems& bad) {
  if (document.voids_tx_id() == "bad") bad.add("voids_tx_id", "is bad; allowed: good");
  if (document.voids_tx_id() == "worse") bad.add("nowhere[3].at_all", "is missing");
  return std::make_shared<const Stakes>();
}

class CatalogFolder : public ::testing::Test {
 protected:
  CatalogFolder() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("laurel_catalog_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~CatalogFolder() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  CatalogReader::Version load() {
    auto reader = CatalogReader::make(specs_, zones_);
    auto files = read_catalog_folder(folder_.string());
    if (!reader || !files) {
      error_ = reader ? files.error().message : reader.error().message;
      return nullptr;
    }
    CatalogReader::Problems problems;
    auto version = reader->read(*files, runtime::CatalogTerms(), nullptr, problems);
    error_ = to_text(problems);
    EXPECT_EQ(version == nullptr, !problems.empty());
    return version;
  }
  std::string error_of() {
    load();
    return error_;
  }

  UtcZones zones_;
  std::vector<SettingsSpec> specs_ = {
      settings_spec<contract::WagerVoided, Stakes>("program", &check_stakes)};
  std::filesystem::path folder_;
  std::string error_;
};

TEST_F(CatalogFolder, HasTheDocumentsByTheNamesOfTheirMessages) {
  write("program.toml", "voids_tx_id = \"7\"\n");
  write("assets.toml", "assets = [{ id = \"EUR\", scale = 2 }]\n");
  const auto version = load();
  ASSERT_NE(version, nullptr) << error_;
  EXPECT_EQ(version->documents().size(), 2U);
  const auto* program = version->find(*contract::WagerVoided::descriptor());
  ASSERT_NE(program, nullptr);
  EXPECT_EQ(static_cast<const contract::WagerVoided*>(program)->voids_tx_id(), "7");
  EXPECT_EQ(version->document("program")->toml, "voids_tx_id = \"7\"\n");
  EXPECT_NE(version->plan(plan_id<Stakes>()), nullptr);
  ASSERT_NE(asset_registry(*version), nullptr);
  EXPECT_EQ(asset_registry(*version)->assets(0).scale(), 2U);
}

TEST_F(CatalogFolder, LeavesOutWhatHasNoFile) {
  const auto version = load();
  ASSERT_NE(version, nullptr);
  EXPECT_TRUE(version->documents().empty());
  EXPECT_EQ(asset_registry(*version), nullptr);
}

TEST_F(CatalogFolder, RefusesFilesThatNobodyDeclares) {
  write("programme.toml", "");
  write("notes.txt", "");
  write(".hidden", "");
  EXPECT_THAT(error_of(), HasSubstr("programme.toml: nothing declares this document; allowed: "
                                    "assets.toml, program.toml"));
  EXPECT_THAT(error_of(), HasSubstr("notes.txt"));
  EXPECT_THAT(error_of(), ::testing::Not(HasSubstr(".hidden")));
}

TEST_F(CatalogFolder, SaysWhatIsWrongInEveryDocument) {
  write("program.toml", "voids_tx = 1\n");
  write("assets.toml",
        "assets = [{ id = \"eur\", scale = 2 },\n { id = \"BTC\", scale = 99 },\n "
        "{ id = \"BTC\", scale = 8 }]\n");
  const std::string error = error_of();
  EXPECT_THAT(error, HasSubstr("program.toml:1:1: voids_tx"));
  EXPECT_THAT(error, HasSubstr("assets.toml:1:18: assets[0].id: \"eur\" is no asset"));
  EXPECT_THAT(error, HasSubstr("assets.toml:2:24: assets[1].scale: \"BTC\" has a scale out of "));
  EXPECT_THAT(error, HasSubstr("assets.toml:3:9: assets[2].id: \"BTC\" is there twice"));
}

TEST_F(CatalogFolder, SaysWhereACompileFunctionFoundItsProblem) {
  write("program.toml", "# a comment\n\nvoids_tx_id = \"bad\"\n");
  const std::string error = error_of();
  EXPECT_THAT(error, HasSubstr("program.toml:3:15: voids_tx_id: is bad; allowed: good"));
}

TEST_F(CatalogFolder, NamesTheTableAroundAKeyThatIsMissing) {
  write("program.toml", "voids_tx_id = \"worse\"\n");
  EXPECT_THAT(error_of(), HasSubstr("program.toml:1:1: nowhere[3].at_all: is missing"));
}

TEST_F(CatalogFolder, RefusesOneDocumentOfTwoKinds) {
  specs_.push_back(settings_spec<contract::WagerSettled>("program"));
  EXPECT_THAT(error_of(),
              HasSubstr("program.toml is declared as laurel.contract.WagerVoided and as"));
}

TEST(CatalogFiles, NeedAFolderThatIsThere) {
  EXPECT_FALSE(read_catalog_folder("/nowhere/catalog").ok());
  const auto none = read_catalog_folder("");
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->texts.empty());
}

TEST(CatalogFiles, AreTheSameWhenNamesAndTextsAre) {
  const adapters::OpenSslHasher hasher;
  const CatalogFiles files{"here", {{"a.toml", "x"}, {"b.toml", ""}}};
  EXPECT_EQ(content_hash(files, hasher),
            content_hash({"there", {{"a.toml", "x"}, {"b.toml", ""}}}, hasher));
  EXPECT_NE(content_hash(files, hasher),
            content_hash({"here", {{"a.toml", ""}, {"b.toml", "x"}}}, hasher));
  EXPECT_NE(content_hash(files, hasher), content_hash({"here", {{"a.toml", "x"}}}, hasher));
}

TEST_F(CatalogFolder, AStoredVersionIsRestoredAndItsProblemsNameTheLine) {
  write("program.toml", "\nvoids_tx_id = \"7\"\n");
  auto documents = load()->documents();
  documents[0].message = nullptr;
  auto reader = CatalogReader::make(specs_, zones_);
  CatalogReader::Problems problems;
  EXPECT_NE(reader->restore(runtime::CatalogTerms(), documents, nullptr, problems), nullptr);
  // A later build whose check is stricter.
  auto strict = CatalogReader::make(
      {settings_spec<contract::WagerVoided, Stakes>(
          "program",
          [](const contract::WagerVoided&, const Zones&, laurel::Problems& bad) {
            bad.add("voids_tx_id", "is old");
            return std::make_shared<const Stakes>();
          })},
      zones_);
  EXPECT_EQ(strict->restore(runtime::CatalogTerms(), documents, nullptr, problems), nullptr);
  EXPECT_EQ(to_text(problems), "program.toml:2:15: voids_tx_id: is old");
}

}  // namespace
}  // namespace laurel::config
