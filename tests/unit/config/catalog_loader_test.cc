#include "laurel/config/catalog_loader.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "laurel/contract/wager.pb.h"

namespace laurel::config {
namespace {

using ::testing::HasSubstr;

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
  runtime::Result<runtime::Catalog> load() { return load_catalog(folder_.string(), specs_); }
  std::string error_of() {
    const auto catalog = load();
    return catalog.ok() ? "" : catalog.error().message;
  }

  // Any message may be a document.
  std::vector<SettingsSpec> specs_ = {{"program", &contract::WagerVoided::default_instance()}};
  std::filesystem::path folder_;
};

TEST_F(CatalogFolder, HasTheDocumentsByTheNamesOfTheirMessages) {
  write("program.toml", "voids_tx_id = \"7\"\n");
  write("assets.toml", "assets = [{ id = \"EUR\", scale = 2 }]\n");
  const auto catalog = load();
  ASSERT_TRUE(catalog.ok()) << catalog.error().message;
  EXPECT_EQ(catalog->documents.size(), 2U);
  const auto* program = catalog->find(*contract::WagerVoided::descriptor());
  ASSERT_NE(program, nullptr);
  EXPECT_EQ(static_cast<const contract::WagerVoided*>(program)->voids_tx_id(), "7");
  ASSERT_NE(asset_registry(*catalog), nullptr);
  EXPECT_EQ(asset_registry(*catalog)->assets(0).scale(), 2U);
}

TEST_F(CatalogFolder, LeavesOutWhatHasNoFile) {
  const auto catalog = load();
  ASSERT_TRUE(catalog.ok());
  EXPECT_TRUE(catalog->documents.empty());
  EXPECT_EQ(asset_registry(*catalog), nullptr);
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
        "assets = [{ id = \"eur\", scale = 2 }, { id = \"BTC\", scale = 99 }, "
        "{ id = \"BTC\", scale = 8 }]\n");
  const std::string error = error_of();
  EXPECT_THAT(error, HasSubstr("program.toml:1:1: voids_tx"));
  EXPECT_THAT(error, HasSubstr("\"eur\" is no asset"));
  EXPECT_THAT(error, HasSubstr("\"BTC\" has a scale out of range"));
  EXPECT_THAT(error, HasSubstr("\"BTC\" is there twice"));
}

TEST_F(CatalogFolder, RefusesOneDocumentOfTwoKinds) {
  specs_.push_back({"program", &contract::WagerSettled::default_instance()});
  EXPECT_THAT(error_of(),
              HasSubstr("program.toml is declared as laurel.contract.WagerVoided and as"));
}

TEST(Catalog, NeedsAFolderThatIsThere) {
  EXPECT_FALSE(load_catalog("/nowhere/catalog", {}).ok());
  const auto none = load_catalog("", {});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->documents.empty());
}

}  // namespace
}  // namespace laurel::config
