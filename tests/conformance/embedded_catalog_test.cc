// The catalog's log in the embedded engine, on disks that fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/engine_driver.h"
#include "laurel/adapters/embedded/embedded_engine.h"
#include "support/faulty_file_system.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

using runtime::ErrorCode;
using ::testing::ElementsAre;

class EmbeddedCatalogTest : public ::testing::Test {
 protected:
  EmbeddedCatalogTest() {
    options_.data_dir = directory_ / "data";
    options_.create = true;
    options_.partitions = 2;
    options_.store.env = faults_.env();
  }
  std::unique_ptr<adapters::EmbeddedEngine> open() {
    auto engine = adapters::open_embedded(options_);
    EXPECT_TRUE(engine.ok()) << engine.error().message;
    return std::move(*engine);
  }

  TempDir directory_;
  FaultyFileSystem faults_;
  adapters::EmbeddedOptions options_;
};

TEST_F(EmbeddedCatalogTest, AVersionThatWasAppendedSurvivesALossOfPower) {
  {
    auto engine = open();
    ASSERT_EQ(*engine->append_catalog("one"), 1U);
    ASSERT_EQ(*engine->append_catalog("two"), 2U);
  }
  faults_.cut_power();
  EXPECT_THAT(*open()->read_catalog(1), ElementsAre("one", "two"));
}

TEST_F(EmbeddedCatalogTest, AFailedWriteEndsTheEngineUntilItIsOpenedAgain) {
  {
    auto engine = open();
    EngineDriver owner(*engine, 0);
    owner.take_over();
    ASSERT_EQ(*engine->append_catalog("one"), 1U);
    faults_.fail(FaultyFileSystem::Fault::kSyncError);
    EXPECT_EQ(engine->append_catalog("two").error().code, ErrorCode::kStoreFailed);
    faults_.fail(FaultyFileSystem::Fault::kNone);
    EXPECT_EQ(engine->append_catalog("two").error().code, ErrorCode::kStoreFailed);
    EXPECT_EQ(engine->read_catalog(1).error().code, ErrorCode::kStoreFailed);
    EXPECT_EQ(owner.commit({put("a", "1")}), runtime::Outcome::kStoreFailed);
    engine->close();
  }
  faults_.cut_power();
  auto engine = open();
  EXPECT_THAT(*engine->read_catalog(1), ElementsAre("one"));
  EXPECT_EQ(*engine->append_catalog("two"), 2U);
}

TEST_F(EmbeddedCatalogTest, ADirectoryThatIsOnlyReadShowsItsVersionsAndTakesNone) {
  {
    auto engine = open();
    ASSERT_EQ(*engine->append_catalog("one"), 1U);
    engine->close();
  }
  options_.create = false;
  options_.read_only = true;
  auto engine = open();
  EXPECT_THAT(*engine->read_catalog(1), ElementsAre("one"));
  EXPECT_EQ(engine->append_catalog("two").error().code, ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace laurel::testing
