#include "laurel/adapters/formats/mapped_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decoded.h"
#include "laurel/contract/amount.h"

namespace laurel::adapters::formats {
namespace {

using ::laurel::formats::Field;
using ::laurel::formats::Mapping;
using ::testing::HasSubstr;

constexpr const char* kHeader = "Id,User,Bet,Profit,At";

Mapping base() {
  Mapping mapping;
  mapping.set_type("laurel.wager.settled.v1");
  mapping.mutable_id()->set_column("Id");
  mapping.mutable_source()->set_constant("urn:x");
  mapping.mutable_subject()->set_column("User");
  mapping.mutable_time()->set_column("At");
  auto& data = *mapping.mutable_data();
  data["tx_id"].set_column("Id");
  data["stake_total"].set_column("Bet");
  data["stake_total"].set_asset("BIT");
  data["stake_total"].set_scale(2);
  Field& win = data["win_total"];
  win.add_sum("Bet");
  win.add_sum("Profit");
  win.add_na("NA");
  win.set_if_na("0");
  win.set_asset("BIT");
  win.set_scale(2);
  return mapping;
}

std::shared_ptr<const runtime::Decoder> make(const Mapping& mapping,
                                             std::string_view format = "csv",
                                             std::string_view header = kHeader) {
  DecoderOptions options;
  options.now_us = [] { return std::int64_t{1771264800'000'000}; };
  options.asset_scales = {{"BIT", 2}};
  auto made = make_mapped_decoder(format, mapping, format == "csv" ? header : "",
                                  runtime::contract_event_types(), options);
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  return made.ok() ? *made : nullptr;
}

std::string error_of(const Mapping& mapping, std::string_view format = "csv",
                     std::string_view header = kHeader) {
  DecoderOptions options;
  options.asset_scales = {{"EUR", 2}};
  const auto made =
      make_mapped_decoder(format, mapping, header, runtime::contract_event_types(), options);
  if (made.ok()) return "";
  EXPECT_EQ(made.error().code, runtime::ErrorCode::kInvalidInput);
  return made.error().message;
}

TEST(MappedCsv, MakesTheEventThatTheMappingSays) {
  const auto decoder = make(base());
  const auto out = decode(*decoder, "17,p1,2000,2.00E+03,2021-10-31T16:32:40Z");
  ASSERT_EQ(out.code(), "") << out.event.reject_detail;
  EXPECT_EQ(out.envelope().id(), "17");
  EXPECT_EQ(out.envelope().source(), "urn:x");
  EXPECT_EQ(out.envelope().type(), "laurel.wager.settled.v1");
  EXPECT_EQ(out.envelope().time_us(), 1635697960'000'000);
  EXPECT_TRUE(contract::units_of(out.settled().stake_total()) == 200000);
  EXPECT_TRUE(contract::units_of(out.settled().win_total()) == 400000);
  EXPECT_EQ(out.settled().win_total().asset(), "BIT");
  EXPECT_EQ(out.event.natural_key,
            "\x05urn:x\x02p1\x02"
            "17");
  EXPECT_EQ(out.event.routing_key, "p1");
}

TEST(MappedCsv, TakesIfNaWhenAnAddendHasNoValue) {
  const auto decoder = make(base());
  const auto lost = decode(*decoder, "17,p1,50,NA,2021-10-31T16:32:40Z");
  ASSERT_EQ(lost.code(), "");
  EXPECT_TRUE(lost.settled().has_win_total());
  EXPECT_TRUE(contract::units_of(lost.settled().win_total()) == 0);
  EXPECT_TRUE(contract::units_of(
                  decode(*decoder, "17,p1,50,,2021-10-31T16:32:40Z").settled().win_total()) == 0);
}

TEST(MappedCsv, LeavesOutWhatHasNoValue) {
  Mapping mapping = base();
  (*mapping.mutable_data())["win_total"].clear_if_na();
  const auto decoder = make(mapping);
  EXPECT_FALSE(decode(*decoder, "17,p1,50,NA,2021-10-31T16:32:40Z").settled().has_win_total());
  EXPECT_EQ(decode(*decoder, "17,p1,,5,2021-10-31T16:32:40Z").code(), "missing-field");
  EXPECT_EQ(decode(*decoder, "17,,1,5,2021-10-31T16:32:40Z").code(), "missing-field");
  EXPECT_EQ(decode(*decoder, ",p1,1,5,2021-10-31T16:32:40Z").code(), "missing-field");
  EXPECT_EQ(decode(*decoder, "17,p1,1,5,").code(), "missing-field");
}

TEST(MappedCsv, RejectsWithTheCodesOfEvents) {
  const auto decoder = make(base());
  const auto code = [&](std::string_view line) { return decode(*decoder, line).code(); };
  EXPECT_EQ(code("17,p1,1,1"), "wrong-columns");
  EXPECT_EQ(code("17,p1,1,1,2021-10-31T16:32:40Z,"), "wrong-columns");
  EXPECT_EQ(code(""), "wrong-columns");
  EXPECT_EQ(code("\"17,p1,1,1,2021-10-31T16:32:40Z"), "malformed-csv");
  EXPECT_EQ(code("17,p 1,1,1,2021-10-31T16:32:40Z"), "bad-player-id");
  EXPECT_EQ(code("17,p1,1.001,1,2021-10-31T16:32:40Z"), "bad-amount");
  EXPECT_EQ(code("17,p1,x,1,2021-10-31T16:32:40Z"), "bad-amount");
  EXPECT_EQ(code("17,p1,1,x,2021-10-31T16:32:40Z"), "bad-amount");
  EXPECT_EQ(code("17,p1,1e38,1,2021-10-31T16:32:40Z"), "amount-out-of-range");
  EXPECT_EQ(code("17,p1,-1,1,2021-10-31T16:32:40Z"), "negative-amount");
  EXPECT_EQ(code("17,p1,1,-2,2021-10-31T16:32:40Z"), "negative-amount");
  EXPECT_EQ(code("17,p1,1,1,2021-10-31"), "bad-time");
  EXPECT_EQ(code("17,p1,1,1,2031-10-31T16:32:40Z"), "far-future");
  EXPECT_EQ(code("17,p1,1,\xff,2021-10-31T16:32:40Z"), "invalid-utf8");
  EXPECT_EQ(code(std::string_view("17,p1,1,\0,2021-10-31T16:32:40Z", 30)), "nul-byte");
  EXPECT_EQ(code(std::string(257, '1') + ",p1,1,1,2021-10-31T16:32:40Z"), "bad-natural-key");
  EXPECT_EQ(code(std::string(70'000, 'x')), "event-too-large");
  // NOLINTNEXTLINE(bugprone-string-constructor): that long on purpose
  EXPECT_EQ(code(std::string(10'000'000, 'x')), "line-too-long");
}

TEST(MappedCsv, NamesTheTargetInTheDetail) {
  const auto decoder = make(base());
  EXPECT_EQ(decode(*decoder, "17,p1,x,1,2021-10-31T16:32:40Z").event.reject_detail,
            "data.stake_total: \"x\" is no decimal number");
}

TEST(MappedCsv, ReadsNumbersFlagsAndUnixTimes) {
  Mapping mapping = base();
  mapping.mutable_time()->set_time_format(Field::TIME_FORMAT_UNIX_MS);
  (*mapping.mutable_data())["settle_no"].set_column("Profit");
  (*mapping.mutable_data())["is_test"].set_constant("true");
  (*mapping.mutable_data())["stake_total"].set_kind(Field::KIND_INTEGER);
  const auto decoder = make(mapping);
  const auto out = decode(*decoder, "17,p1,125,3.00,1635697960123");
  ASSERT_EQ(out.code(), "") << out.event.reject_detail;
  EXPECT_EQ(out.envelope().time_us(), 1635697960'123'000);
  EXPECT_EQ(out.settled().settle_no(), 3U);
  EXPECT_TRUE(out.settled().is_test());
  EXPECT_TRUE(contract::units_of(out.settled().stake_total()) == 125);
  EXPECT_EQ(decode(*decoder, "17,p1,125,3.5,1635697960123").code(), "wrong-type");
  EXPECT_EQ(decode(*decoder, "17,p1,1.5,3,1635697960123").code(), "bad-amount");
  EXPECT_EQ(decode(*decoder, "17,p1,125,3,-1").code(), "bad-time");
  EXPECT_EQ(decode(*decoder, "17,p1,125,3,99999999999999999999").code(), "bad-time");
}

TEST(Mapping, IsCheckedAgainstTheEventType) {
  Mapping mapping;
  mapping.set_type("nope");
  EXPECT_EQ(error_of(mapping),
            "mapping: type: \"nope\" is not known; allowed: "
            "laurel.wager.settled.v1, laurel.wager.voided.v1");
  mapping.set_type("laurel.wager.settled.v1");
  const std::string missing = error_of(mapping);
  for (const char* name : {"id", "source", "subject", "time", "data.tx_id", "data.stake_total"}) {
    EXPECT_THAT(missing, HasSubstr("mapping: " + std::string(name) + ": is required"));
  }
  mapping = base();
  (*mapping.mutable_data())["stake"].set_column("Bet");
  EXPECT_THAT(error_of(mapping), HasSubstr("mapping: data.stake: there is no such field; allowed: "
                                           "tx_id, stake_total"));
}

TEST(Mapping, IsCheckedAgainstTheHeader) {
  EXPECT_EQ(error_of(base(), "csv", "Id,User,Bet,At"),
            "mapping: there is no column \"Profit\"; allowed: Id, User, Bet, At");
  EXPECT_THAT(error_of(base(), "csv", "Id,User,Bet,Profit,At,Id"), HasSubstr("is there twice"));
  EXPECT_EQ(error_of(base(), "csv",
                     "\xef\xbb\xbf"
                     "\"Id\",User,Bet,Profit,At\r\n"),
            "");
  EXPECT_THAT(error_of(base(), "csv", ""), HasSubstr("no header line"));
  EXPECT_THAT(error_of(base(), "xml"), HasSubstr("allowed: csv, ndjson"));
}

TEST(Mapping, HasOneWayToEachTargetOfTheRightKind) {
  const auto with = [](const std::function<void(Mapping&)>& change) {
    Mapping mapping = base();
    change(mapping);
    return error_of(mapping);
  };
  EXPECT_THAT(with([](Mapping& m) { m.mutable_id()->set_constant("x"); }),
              HasSubstr("one of column"));
  EXPECT_THAT(with([](Mapping& m) { m.mutable_id()->clear_column(); }), HasSubstr("one of column"));
  EXPECT_THAT(with([](Mapping& m) { m.mutable_id()->set_kind(Field::KIND_TIME); }),
              HasSubstr("mapping: id: its kind does not fit; allowed: string"));
  EXPECT_THAT(with([](Mapping& m) { (*m.mutable_data())["stake_total"].set_asset("bit"); }),
              HasSubstr("is no asset"));
  EXPECT_THAT(with([](Mapping& m) { (*m.mutable_data())["stake_total"].clear_asset(); }),
              HasSubstr("asset is required"));
  EXPECT_THAT(with([](Mapping& m) { (*m.mutable_data())["stake_total"].set_scale(39); }),
              HasSubstr("scale is out of range"));
  EXPECT_THAT(with([](Mapping& m) {
                auto& stake = (*m.mutable_data())["stake_total"];
                stake.set_asset("EUR");
                stake.set_scale(3);
              }),
              HasSubstr("has scale 2 in the catalog"));
  EXPECT_THAT(with([](Mapping& m) { (*m.mutable_data())["tx_id"].set_asset("EUR"); }),
              HasSubstr("are for amounts"));
  EXPECT_THAT(with([](Mapping& m) { (*m.mutable_data())["win_total"].set_if_na("none"); }),
              HasSubstr("data.win_total: \"none\" is no decimal number"));
  EXPECT_THAT(with([](Mapping& m) {
                auto& game = (*m.mutable_data())["game_id"];
                game.add_sum("Id");
              }),
              HasSubstr("a sum is for amounts"));
  EXPECT_THAT(with([](Mapping& m) {
                m.mutable_subject()->clear_column();
                m.mutable_subject()->set_constant("a b");
              }),
              HasSubstr("no player id"));
}

TEST(MappedNdjson, ReadsMembersByPath) {
  Mapping mapping = base();
  mapping.mutable_subject()->set_column("player.id");
  const auto decoder = make(mapping, "ndjson");
  const auto code = [&](std::string_view text) { return decode(*decoder, text).code(); };
  const auto out =
      decode(*decoder, R"({"player":{"id":"p1","x":[1]},"Id":17,"Bet":12.50,)"
                       R"("Profit":"1.25","At":"2021-10-31T16:32:40Z","other":{"a":1}})");
  ASSERT_EQ(out.code(), "") << out.event.reject_detail;
  EXPECT_EQ(out.envelope().subject(), "p1");
  EXPECT_EQ(out.settled().tx_id(), "17");
  EXPECT_TRUE(contract::units_of(out.settled().stake_total()) == 1250);
  EXPECT_TRUE(contract::units_of(out.settled().win_total()) == 1375);
  EXPECT_EQ(code(R"({"player":5,"Id":17,"Bet":1,"At":"2021-10-31T16:32:40Z"})"), "missing-field");
  EXPECT_EQ(code(R"({"Id":[17]})"), "wrong-type");
  EXPECT_EQ(code(R"({"Id":1,"Id":2})"), "malformed-json");
  EXPECT_EQ(code("{"), "malformed-json");
  EXPECT_EQ(code(R"({"Id":tru})"), "malformed-json");
  EXPECT_EQ(code(R"({"x":)" + std::string(40, '[') + std::string(40, ']') + "}"), "too-deep");
  EXPECT_EQ(
      code(R"({"player":{"id":"p1"},"Id":"17","Bet":1,"Profit":null,"At":"2021-10-31T16:32:40Z"})"),
      "");
}

TEST(MappedNdjson, HasNoMemberThatIsAValueAndAnObject) {
  Mapping mapping = base();
  mapping.mutable_subject()->set_column("Id.user");
  EXPECT_THAT(error_of(mapping, "ndjson", ""), HasSubstr("\"Id\" is a value and an object"));
}

}  // namespace
}  // namespace laurel::adapters::formats
