#include "laurel/config/toml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/dynamic_message.h>

#include "laurel/config/node.pb.h"
#include "laurel/contract/amount.h"
#include "laurel/contract/assets.pb.h"
#include "laurel/contract/wager.pb.h"
#include "laurel/formats/mapping.pb.h"

namespace laurel::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(std::string_view text, google::protobuf::Message& out) {
  const auto status = read_toml(text, "file.toml", out);
  if (status.ok()) return "";
  EXPECT_EQ(status.error().code, runtime::ErrorCode::kConfigInvalid);
  return status.error().message;
}

TEST(TomlReader, FillsTablesTextsNumbersFlagsAndArrays) {
  contract::WagerSettled wager;
  EXPECT_EQ(error_of(R"(
tx_id = "t1"
settle_no = 7
is_test = true
place_tx_ids = ["a", "b"]
stake_total = { units = "170141183460469231731687303715884105727", asset = "ETH", scale = 18 }
[win_total]
units = -5
asset = "EUR"
scale = 2
)",
                     wager),
            "");
  EXPECT_EQ(wager.tx_id(), "t1");
  EXPECT_EQ(wager.settle_no(), 7U);
  EXPECT_TRUE(wager.is_test());
  EXPECT_EQ(wager.place_tx_ids_size(), 2);
  EXPECT_TRUE(contract::units_of(wager.stake_total()) == kInt128Max);
  EXPECT_TRUE(contract::units_of(wager.win_total()) == -5);
}

TEST(TomlReader, NamesTheNearestKeyAndThePlaceOfAnUnknownOne) {
  NodeConfig config;
  EXPECT_THAT(error_of("[listen]\nprot = 1\n", config),
              AllOf(StartsWith("file.toml:2:1: listen.prot: there is no such key"),
                    HasSubstr("did you mean port?"), HasSubstr("allowed: address, port")));
}

TEST(TomlReader, SaysWhichKindIsWanted) {
  NodeConfig config;
  EXPECT_EQ(error_of("[listen]\nport = \"80\"\n", config),
            "file.toml:2:8: listen.port: is a text; allowed: a whole number, 0 to 65535");
  EXPECT_EQ(error_of("listen = 3\n", config),
            "file.toml:1:10: listen: is a whole number; allowed: a table");
  EXPECT_EQ(error_of("[node]\nid = 3\n", config),
            "file.toml:2:6: node.id: is a whole number; allowed: a text");
  EXPECT_EQ(
      error_of("partitions = 1.5\n", config),
      "file.toml:1:14: partitions: is a number with decimals; allowed: a whole number, 1 to 1024");
}

TEST(TomlReader, ChecksRangesAndNamedValues) {
  NodeConfig config;
  EXPECT_EQ(error_of("partitions = 0", config),
            "file.toml:1:14: partitions: 0 is out of range; allowed: 1 to 1024");
  EXPECT_THAT(error_of("[listen]\nport = 65536", config), HasSubstr("allowed: 0 to 65535"));
  EXPECT_EQ(
      error_of("[log]\nlevel = \"inf\"", config),
      "file.toml:2:9: log.level: \"inf\" is not allowed (did you mean info?); allowed: error, "
      "warn, info, debug");
}

TEST(TomlReader, CollectsAllErrorsInTheOrderOfTheFile) {
  NodeConfig config;
  const std::string errors = error_of("partitions = 0\nzzz = 1\n[listen]\nport = -1\n", config);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 2);
  EXPECT_LT(errors.find("file.toml:1:"), errors.find("file.toml:2:"));
  EXPECT_LT(errors.find("file.toml:2:"), errors.find("file.toml:4:"));
}

TEST(TomlReader, ShowsTwentyErrorsAndCountsTheRest) {
  NodeConfig config;
  std::string text;
  for (int i = 0; i < 50; ++i) text += "unknown" + std::to_string(i) + " = 1\n";
  const std::string errors = error_of(text, config);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 20);
  EXPECT_THAT(errors, HasSubstr("30 more errors"));
}

TEST(TomlReader, MissesRequiredFields) {
  contract::AssetRegistry registry;
  EXPECT_EQ(error_of("[[assets]]\nid = \"EUR\"\n", registry),
            "file.toml:1:1: assets[0].scale: is required");
}

TEST(TomlReader, WantsAllPartsOfAnAmountAndNoOther) {
  contract::WagerSettled wager;
  EXPECT_THAT(error_of("tx_id = \"t\"\nstake_total = { units = \"1\", asset = \"EUR\" }", wager),
              HasSubstr("stake_total.scale: is required"));
  EXPECT_THAT(
      error_of("tx_id = \"t\"\nstake_total = { units = \"1.5\", asset = \"EUR\", scale = 2 }",
               wager),
      HasSubstr("stake_total.units: is no whole number"));
  EXPECT_THAT(error_of("tx_id = \"t\"\nstake_total = { units = 1, asset = \"EUR\", scale = 2, "
                       "units_low = 1 }",
                       wager),
              HasSubstr("stake_total.units_low: there is no such key"));
}

TEST(TomlReader, TakesMapsAndEnumsByTheirShortNames) {
  ::laurel::formats::Mapping mapping;
  EXPECT_EQ(error_of(R"(
type = "t"
id.column = "Id"
source.constant = "urn:x"
subject.column = "User"
time = { column = "At", time_format = "unix_ms" }
data.tx_id = { column = "Id", kind = "string" }
)",
                     mapping),
            "");
  EXPECT_EQ(mapping.data().at("tx_id").kind(), ::laurel::formats::Field::KIND_STRING);
  EXPECT_EQ(mapping.time().time_format(), ::laurel::formats::Field::TIME_FORMAT_UNIX_MS);
  EXPECT_THAT(error_of("type = \"t\"\nid = { kind = \"KIND_STRING\" }", mapping),
              HasSubstr("id.kind: \"KIND_STRING\" is not allowed; allowed: string, integer, "
                        "decimal_amount, bool, time"));
}

// {num, den} as any actor may declare it.
class TomlRational : public ::testing::Test {
 protected:
  TomlRational() {
    google::protobuf::FileDescriptorProto file;
    file.set_name("rational_test.proto");
    auto& rational = *file.add_message_type();
    rational.set_name("Rational");
    int number = 1;
    for (const char* name : {"num", "den"}) {
      auto& field = *rational.add_field();
      field.set_name(name);
      field.set_number(number++);
      field.set_type(google::protobuf::FieldDescriptorProto::TYPE_INT64);
      field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    }
    auto& holder = *file.add_message_type();
    holder.set_name("Holder");
    auto& field = *holder.add_field();
    field.set_name("rate");
    field.set_number(1);
    field.set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
    field.set_type_name("Rational");
    field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    const auto* built = pool_.BuildFile(file);
    holder_.reset(factory_.GetPrototype(built->FindMessageTypeByName("Holder"))->New());
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::Message> holder_;
};

TEST_F(TomlRational, IsReadFromATextOrATable) {
  EXPECT_EQ(error_of("rate = \"1/1000\"", *holder_), "");
  EXPECT_EQ(holder_->ShortDebugString(), "rate { num: 1 den: 1000 }");
  EXPECT_EQ(error_of("rate = { num = 3, den = 2 }", *holder_), "");
  EXPECT_EQ(holder_->ShortDebugString(), "rate { num: 3 den: 2 }");
  EXPECT_EQ(error_of("rate = \"7\"", *holder_), "");
  EXPECT_EQ(holder_->ShortDebugString(), "rate { num: 7 den: 1 }");
}

TEST_F(TomlRational, HasADenominatorAboveZero) {
  for (const char* text : {"rate = \"1/0\"", "rate = \"1/-2\"", "rate = \"a/b\"", "rate = \"\"",
                           "rate = { num = 1, den = 0 }", "rate = { num = 1 }", "rate = 1",
                           "rate = \"1/9223372036854775808\""}) {
    EXPECT_NE(error_of(text, *holder_), "") << text;
  }
}

TEST(TomlReader, SaysWhereTheTextIsNoToml) {
  NodeConfig config;
  EXPECT_THAT(error_of("[listen]\nport = \n", config), StartsWith("file.toml:2:"));
  EXPECT_NE(error_of("\xff\xfe", config), "");
  EXPECT_NE(error_of(std::string_view("id = \"\0\"", 8), config), "");
}

TEST(TomlReader, SurvivesWhatTheParserTakesForGranted) {
  NodeConfig config;
  for (const std::string_view text :
       {std::string_view("x = [}"), std::string_view("[}\n"), std::string_view("[\0", 2),
        std::string_view("x = {a=]"), std::string_view("[["), std::string_view("a.\0", 3),
        std::string_view("na\xc3\xafve = 1"), std::string_view("\xd2\x96 = 1"),
        std::string_view("a\xe3\x80\x81 = 1")}) {
    EXPECT_THAT(error_of(text, config), StartsWith("file.toml:1:")) << text;
  }
}

TEST(TomlReader, RefusesMoreThanOneMegabyte) {
  NodeConfig config;
  EXPECT_THAT(error_of(std::string(kTomlBytesMax + 1, '\n'), config), HasSubstr("1048576"));
  EXPECT_EQ(error_of(std::string(kTomlBytesMax, '\n'), config), "");
}

TEST(TomlReader, SurvivesDeepNesting) {
  NodeConfig config;
  std::string dots = "a";
  for (int i = 0; i < 200'000; ++i) dots += ".a";
  EXPECT_NE(error_of(dots + " = 1", config), "");
  EXPECT_NE(error_of("[" + dots + "]", config), "");
  std::string spaced = "a";
  for (int i = 0; i < 100'000; ++i) spaced += " . 'a'";
  EXPECT_NE(error_of(spaced + " = 1", config), "");
  EXPECT_NE(error_of("x = " + std::string(500'000, '['), config), "");
  std::string tables;
  for (int i = 0; i < 100'000; ++i) tables += "{a=";
  EXPECT_NE(error_of("x = " + tables, config), "");
  std::string sections;
  for (int i = 0; i < 2000; ++i) sections += "[a.b.c.d]\na.b.c.d.e.f=1\n";
  EXPECT_NE(error_of(sections, config), "");
}

TEST(TomlReader, SaysThatAFileIsMissing) {
  NodeConfig config;
  const auto status = read_toml_file("/nowhere/node.toml", config);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, StartsWith("/nowhere/node.toml: cannot be read"));
  EXPECT_FALSE(read_toml_file("/", config).ok());
}

}  // namespace
}  // namespace laurel::config
