#include "laurel/config/node_options.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "laurel/config/node.pb.h"
#include "laurel/config/toml_reader.h"

namespace laurel::config {
namespace {

using ::testing::HasSubstr;

class NodeOptionsFile : public ::testing::Test {
 protected:
  NodeOptionsFile() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("laurel_options_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~NodeOptionsFile() override { std::filesystem::remove_all(folder_); }

  runtime::Result<NodeOptions> load(const std::string& text) {
    std::ofstream(folder_ / "node.toml") << text;
    return load_node_options((folder_ / "node.toml").string());
  }
  std::string error_of(const std::string& text) {
    const auto options = load(text);
    return options.ok() ? "" : options.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(NodeOptionsFile, HasTheDefaultsWhenEmpty) {
  const auto options = load("");
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->listen.address, "127.0.0.1");
  EXPECT_EQ(options->listen.port, 7400);
  EXPECT_EQ(options->partitions, 16);
  EXPECT_EQ(options->data_dir, (folder_ / "data").string());
  EXPECT_EQ(options->catalog_dir, "");
}

TEST_F(NodeOptionsFile, TakesTheCatalogBesideIt) {
  std::filesystem::create_directory(folder_ / "catalog");
  EXPECT_EQ(load("")->catalog_dir, (folder_ / "catalog").string());
  EXPECT_EQ(load("[catalog]\ndir = \"other\"")->catalog_dir, (folder_ / "other").string());
  EXPECT_EQ(load("[catalog]\ndir = \"/abs\"")->catalog_dir, "/abs");
}

TEST_F(NodeOptionsFile, OverridesWhatItNames) {
  const auto options =
      load("partitions = 4\n[commit]\ninterval_min_ms = 7\n[memory]\nidle_s = 9\n");
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->partitions, 4);
  EXPECT_EQ(options->commit.interval_min.count(), 7);
  EXPECT_EQ(options->memory.idle.count(), 9);
  EXPECT_EQ(options->memory.cache_mb, NodeOptions{}.memory.cache_mb);
}

TEST_F(NodeOptionsFile, ServesOtherMachinesOnlyWithTlsOrByExplicitWish) {
  EXPECT_THAT(error_of("[listen]\naddress = \"0.0.0.0\""), HasSubstr("allow_plaintext"));
  EXPECT_EQ(error_of("[listen]\naddress = \"0.0.0.0\"\nallow_plaintext = true"), "");
  EXPECT_EQ(error_of("[listen]\naddress = \"0.0.0.0\"\ntls_cert = \"a\"\ntls_key = \"b\""), "");
  EXPECT_THAT(error_of("[listen]\ntls_cert = \"a\""), HasSubstr("one needs the other"));
  EXPECT_EQ(error_of("[listen]\naddress = \"::1\""), "");
  EXPECT_THAT(error_of("[listen]\naddress = \"127.evil.example\""), HasSubstr("allow_plaintext"));
}

TEST_F(NodeOptionsFile, RefusesWhatContradictsItself) {
  EXPECT_THAT(error_of("[engine]\nkind = \"redis\""), HasSubstr("allowed: embedded, kafka"));
  EXPECT_THAT(error_of("[engine]\nkind = \"kafka\""), HasSubstr("kafka.bootstrap"));
  EXPECT_THAT(error_of("[data]\ndir = \"\""), HasSubstr("data.dir"));
  EXPECT_THAT(error_of("[[input]]\ntopic = \"a\""), HasSubstr("engine.kind"));
  const std::string kafka = "[engine]\nkind = \"kafka\"\n[kafka]\nbootstrap = \"b:1\"\n[[input]]\n";
  EXPECT_EQ(error_of(kafka + "topic = \"a\""), "");
  EXPECT_THAT(error_of(kafka + "format = \"json\""), HasSubstr("input.topic"));
  EXPECT_THAT(error_of(kafka + "topic = \"a\"\nformat = \"json\""), HasSubstr("input.mapping"));
}

TEST(NodeOptions, TheReferenceInTheTreeIsTheProgramsOwn) {
  std::ifstream file(LAUREL_SOURCE_DIR "/config/reference.toml");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), reference_configuration());
}

TEST(NodeOptions, TheReferenceIsReadableWithEveryKeyUncommented) {
  std::istringstream lines(reference_configuration());
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    // A key is `# name = value`; prose has no ` = ` after one word.
    const auto equals = line.find(" = ");
    const bool is_key =
        line.rfind("# ", 0) == 0 && equals != std::string::npos && line.find(' ', 2) == equals;
    text += (is_key ? line.substr(2) : line) + "\n";
  }
  NodeConfig config;
  const auto status = read_toml(text, "reference.toml", config);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  EXPECT_EQ(config.listen().port(), 7400U);
}

TEST(NodeOptions, TheExamplesAreValid) {
  for (const char* example : {"crash-game", "demo", "kafka"}) {
    const auto options = load_node_options(std::string(LAUREL_SOURCE_DIR "/config/examples/") +
                                           example + "/node.toml");
    ASSERT_TRUE(options.ok()) << options.error().message;
    EXPECT_THAT(options->catalog_dir, HasSubstr("catalog"));
  }
}

}  // namespace
}  // namespace laurel::config
