#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud_events_fixture.h"
#include "laurel/contract/amount.h"

namespace laurel::adapters::formats {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(CloudEvents, FillEnvelopeDataAndKeys) {
  const auto out = decode(R"( {"specversion": "1.0", "id":"e1","source":"urn:laurel:op:slots",
    "type":"laurel.wager.settled.v1","subject":"p-1","time":"2026-02-16T17:59:59.123456+01:00",
    "recordedtime":"2026-02-16T17:00:00Z","sequence":"18446744073709551615","partitionkey":"p-1",
    "dataschema":"s/1","traceparent":"00-ab","datacontenttype":"application/json",
    "data":{"tx_id":"t1","stake_total":{"units":"100","asset":"EUR","scale":2},
    "win_total":{"units":250,"asset":"EUR","scale":2},"outcome":"win","settle_no":3,
    "round_closed":true,"place_tx_ids":["a","\u00e9\n"],"free_rounds_left":null}} )");
  ASSERT_EQ(out.code(), "") << out.event.reject_detail;
  EXPECT_EQ(out.envelope().id(), "e1");
  EXPECT_EQ(out.envelope().time_us(), 1771261199'123'456);
  EXPECT_EQ(out.envelope().recorded_time_us(), 1771261200'000'000);
  EXPECT_EQ(out.envelope().sequence(), ~std::uint64_t{0});
  EXPECT_EQ(out.envelope().partition_key(), "p-1");
  EXPECT_EQ(out.envelope().data_schema(), "s/1");
  EXPECT_EQ(out.envelope().traceparent(), "00-ab");
  EXPECT_EQ(out.envelope().unknown_json(), "");
  EXPECT_TRUE(contract::units_of(out.settled().win_total()) == 250);
  EXPECT_EQ(out.settled().outcome(), "win");
  EXPECT_TRUE(out.settled().round_closed());
  ASSERT_EQ(out.settled().place_tx_ids_size(), 2);
  EXPECT_EQ(out.settled().place_tx_ids(1), "\xc3\xa9\n");
  EXPECT_EQ(out.event.routing_key, "p-1");
  EXPECT_EQ(out.event.natural_key, "\x13urn:laurel:op:slots\x03p-1\x02t1");
}

TEST_F(CloudEvents, TellAVoidFromTheWagerItVoids) {
  const std::string wager = event(kGood);
  std::string voided = event(R"("voids_tx_id":"t1")");
  voided.replace(voided.find("settled"), 7, "voided");
  const auto out = decode(voided);
  ASSERT_EQ(out.code(), "");
  EXPECT_EQ(out.event.natural_key, std::string(decode(wager).event.natural_key) + "V");
}

TEST_F(CloudEvents, MayHaveTheDataBeforeTheType) {
  const std::string out = R"({"data":{"tx_id":"t1","x":1,"stake_total":{"units":"1","asset":"EUR",)"
                          R"("scale":2}},"id":"e1","source":"urn:x","subject":"p1",)"
                          R"("time":"2026-02-16T17:00:00Z","type":"laurel.wager.settled.v1"})";
  const auto decoded = decode(out);
  ASSERT_EQ(decoded.code(), "") << decoded.event.reject_detail;
  EXPECT_EQ(decoded.settled().tx_id(), "t1");
  EXPECT_EQ(decoded.envelope().unknown_json(), R"({"data":{"x":1}})");
}

// A record without an escape is read in another way than one that has some.
TEST_F(CloudEvents, AreReadAlikeWithEscapesAndSpacesAndWithout) {
  const std::string plain = event(std::string(kGood) + R"(,"game_id":"a:b","round_id":"")",
                                  R"(,"partitionkey":"k","":1)");
  const std::string odd = event(
      "\"tx_\\u0069d\" \t:\n\"t\\u0031\" ,\"stake_total\" : { \"un\\u0069ts\":\"1\\u0030\\u0030\" ,"
      "\"asset\" :\"EUR\" , \"scale\": 2 },\"game_id\": \"a\\u003ab\" , \"round_id\" :\"\" ",
      ",\"partitionkey\" : \"\\u006b\" , \"\" : 1 ");
  const auto a = decode(plain);
  const auto b = decode(odd);
  const auto again = decode(plain);
  ASSERT_EQ(a.code(), "") << a.event.reject_detail;
  ASSERT_EQ(b.code(), "") << b.event.reject_detail;
  EXPECT_EQ(b.event.canonical, a.event.canonical);
  EXPECT_EQ(again.event.canonical, a.event.canonical);
  EXPECT_EQ(a.envelope().unknown_json(), R"({"":1})");
}

TEST_F(CloudEvents, AreTheSameBytesInAnyOrderOfMembers) {
  const auto a = decode(with("time", "\"2026-02-16T17:00:00Z\""));
  const auto b = decode(with("id", "\"e1\""));
  EXPECT_EQ(a.event.canonical, b.event.canonical);
}

TEST_F(CloudEvents, KeepUnknownMembersAsTheyCame) {
  const auto out = decode(event(
      std::string(kGood) + R"(, "lucky" : {"n": 1.50, "a":[1e400, "\u00e9" , null]},)"
                           R"("win_total":{"units":"1","asset":"EUR","scale":2,"fx":{"id":7}})",
      R"(,"we\"ird":-0.0)"));
  ASSERT_EQ(out.code(), "") << out.event.reject_detail;
  EXPECT_EQ(out.envelope().unknown_json(),
            R"({"data":{"lucky":{"n":1.50,"a":[1e400,"\u00e9",null]},"win_total":{"fx":{"id":7}}},)"
            R"("we\"ird":-0.0})");
}

TEST_F(CloudEvents, TakeAmountsOfAll128Bits) {
  const auto largest = decode(
      stake(R"({"units":"170141183460469231731687303715884105727","asset":"EUR","scale":2})"));
  ASSERT_EQ(largest.code(), "");
  EXPECT_TRUE(contract::units_of(largest.settled().stake_total()) == kInt128Max);
  EXPECT_EQ(
      code(stake(R"({"units":170141183460469231731687303715884105727,"asset":"EUR","scale":2})")),
      "");
  EXPECT_EQ(
      code(stake(R"({"units":"170141183460469231731687303715884105728","asset":"EUR","scale":2})")),
      "amount-out-of-range");
  EXPECT_EQ(code(stake(
                R"({"units":"-170141183460469231731687303715884105728","asset":"EUR","scale":2})")),
            "negative-amount");
  EXPECT_EQ(code(stake(
                R"({"units":"-170141183460469231731687303715884105729","asset":"EUR","scale":2})")),
            "amount-out-of-range");
  EXPECT_EQ(
      code(stake("{\"units\":\"" + std::string(5000, '9') + "\",\"asset\":\"EUR\",\"scale\":2}")),
      "amount-out-of-range");
}

TEST_F(CloudEvents, AreRejectedAsMalformedJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "{}x",
                           "{} {}",
                           "[]",
                           "[{}]",
                           "1",
                           "nul",
                           "null",
                           "\"a\"",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":[1,]}",
                           "{\"a\":[1 2]}",
                           "{\"a\":tru}",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":-}",
                           "{\"a\":+1}",
                           "{\"a\":1e}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":NaN}",
                           "{\"a\":{\"b\":1}",
                           "{\"a\":[{\"b\":1]}}",
                           "{\"a\":truefalse}",
                           "{\"id\":\"1\",\"id\":\"1\"}",
                           "{\"x\":1,\"x\":1}",
                           "{\"data\":{}",
                           "\xef\xbb\xbf"}) {
    EXPECT_EQ(code(text), "malformed-json") << text;
  }
  EXPECT_EQ(code(event(R"("tx_id":"a","tx_id":"b")")), "malformed-json");
  EXPECT_EQ(code(stake(R"({"units":"1","units":"2","asset":"EUR","scale":2})")), "malformed-json");
  EXPECT_EQ(code(event(kGood) + event(kGood)), "malformed-json");
}

TEST_F(CloudEvents, AreRejectedForTheWrongTypeWithThePath) {
  const auto out = decode(event(R"("tx_id":5)"));
  EXPECT_EQ(out.code(), "wrong-type");
  EXPECT_EQ(out.event.reject_detail, "data.tx_id: has to be text");
  for (const char* data :
       {R"("tx_id":{})", R"("tx_id":[1])", R"("tx_id":true)", R"("settle_no":1.5)",
        R"("settle_no":1e3)", R"("settle_no":-1)", R"("settle_no":4294967296)",
        R"("settle_no":"x")", R"("settle_no":[])", R"("is_test":"true")", R"("is_test":1)",
        R"("place_tx_ids":"a")", R"("place_tx_ids":[1])", R"("stake_total":5)",
        R"("stake_total":"5")", R"("stake_total":[])", R"("place_tx_ids":{"a":1})"}) {
    EXPECT_EQ(code(event(data)), "wrong-type") << data;
  }
  for (const char* name : {"id", "source", "type", "subject", "time"}) {
    EXPECT_EQ(code(with(name, "5")), "wrong-type") << name;
  }
  EXPECT_EQ(code(with("data", "[]")), "wrong-type");
  EXPECT_EQ(code(with("data", "\"{}\"")), "wrong-type");
  EXPECT_EQ(code(with("specversion", "\"0.3\"")), "wrong-type");
  EXPECT_EQ(code(with("sequence", "-1")), "wrong-type");
  EXPECT_EQ(code(with("sequence", "18446744073709551616")), "wrong-type");
  EXPECT_EQ(code(event(R"("settle_no":"4294967295")")), "missing-field");  // a text is fine
}

TEST_F(CloudEvents, AreRejectedForAMissingField) {
  for (const char* name : {"id", "source", "type", "subject", "time", "data"}) {
    EXPECT_EQ(code(with(name, nullptr)), "missing-field") << name;
    EXPECT_EQ(code(with(name, "null")), "missing-field") << name;
  }
  const auto out = decode(event(R"("tx_id":"t1")"));
  EXPECT_EQ(out.code(), "missing-field");
  EXPECT_EQ(out.event.reject_detail, "data.stake_total: is required");
  EXPECT_EQ(code(event("")), "missing-field");
  EXPECT_EQ(code(with("id", "\"\"")), "missing-field");
}

TEST_F(CloudEvents, AreRejectedWithTheTypeAndSubjectThatAreKnown) {
  const auto out = decode(with("type", "\"laurel.wager.lost.v1\""));
  EXPECT_EQ(out.code(), "unknown-event-type");
  EXPECT_THAT(out.event.reject_detail, HasSubstr("known: laurel.wager.settled.v1"));
  EXPECT_EQ(out.envelope().type(), "laurel.wager.lost.v1");
  EXPECT_EQ(out.envelope().subject(), "p1");
}

TEST_F(CloudEvents, HaveAPlayerIdOf1To64PlainCharacters) {
  EXPECT_EQ(code(with("subject", ("\"" + std::string(64, 'a') + "\"").c_str())), "");
  EXPECT_EQ(code(with("subject", "\"A.z_0~:-\"")), "");
  for (const char* id : {"\"\"", "\"a b\"", "\"a/b\"", "\"\u00e9\"", "\"a\\nb\"", "\"a@b\""}) {
    EXPECT_EQ(code(with("subject", id)), "bad-player-id") << id;
  }
  const auto out = decode(with("subject", ("\"" + std::string(65, 'a') + "\"").c_str()));
  EXPECT_EQ(out.code(), "bad-player-id");
  EXPECT_LT(out.event.reject_detail.size(), 200U);
  EXPECT_EQ(out.envelope().subject(), "");
}

TEST_F(CloudEvents, AreUtf8WithoutNul) {
  EXPECT_EQ(code(event(std::string(kGood) + ",\"game_id\":\"\xff\"")), "invalid-utf8");
  EXPECT_EQ(code(event(std::string(kGood) + ",\"game_id\":\"\xc3\"")), "invalid-utf8");
  EXPECT_EQ(code("\xff\xfe"), "invalid-utf8");
  EXPECT_EQ(code(event(std::string(kGood) + ",\"game_id\":\"a\\u0000b\"")), "nul-byte");
  EXPECT_EQ(code(event(std::string(kGood) + ",\"other\":\"a\\u0000b\"")), "nul-byte");
  EXPECT_EQ(code(event(std::string(kGood) + ",\"oth\\u0000er\":1")), "nul-byte");
  EXPECT_EQ(code(with("id", "\"\\u0000\"")), "nul-byte");
  EXPECT_EQ(code(std::string_view("{\0}", 3)), "nul-byte");
}

TEST_F(CloudEvents, NestAtMost32Deep) {
  const auto nested = [](int levels) {
    return event(std::string(kGood) +
                 ",\"x\":" + std::string(static_cast<std::size_t>(levels), '[') +
                 std::string(static_cast<std::size_t>(levels), ']'));
  };
  EXPECT_EQ(code(nested(30)), "");  // the event and its data are two more
  EXPECT_EQ(code(nested(31)), "too-deep");
  EXPECT_EQ(code(nested(30000)), "too-deep");
  std::string objects;
  for (int i = 0; i < 5000; ++i) objects += "{\"a\":";
  EXPECT_EQ(code(event(std::string(kGood) + ",\"x\":" + objects + "1" + std::string(5000, '}'))),
            "too-deep");
  EXPECT_EQ(code("{\"data\":" + objects + "1" + std::string(5001, '}')), "too-deep");
}

TEST_F(CloudEvents, AreLimitedInSize) {
  std::string padded = event(kGood);
  padded += std::string(contract::kEventBytesMax - padded.size(), ' ');
  EXPECT_EQ(code(padded), "");
  EXPECT_EQ(code(padded + " "), "event-too-large");
  EXPECT_EQ(code(std::string(contract::kLineBytesMax, 'x')), "event-too-large");
  // NOLINTNEXTLINE(bugprone-string-constructor): that long on purpose
  EXPECT_EQ(code(std::string(10'000'000, 'x')), "line-too-long");
  EXPECT_EQ(formats::decode(*decoder_, {"{}", 0, 70'000, true}).code(), "event-too-large");
  EXPECT_EQ(formats::decode(*decoder_, {"{}", 1, 5'000'000, true}).code(), "line-too-long");
}

TEST_F(CloudEvents, AreDatedByRfc3339) {
  for (const char* time :
       {"\"\"", "\"2026-02-16\"", "\"2026-02-16T17:00:00\"", "\"2026-02-30T17:00:00Z\"",
        "\"2026-02-16 17:00:00Z\"", "\"1969-12-31T23:59:59Z\"", "\"2200-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59Z\"", "\"2026-02-16T24:00:00Z\"", "\"2026-02-16T17:00:00.Z\"",
        "\"2026-02-16T17:00:00+0100\""}) {
    EXPECT_EQ(code(with("time", time)), "bad-time") << time;
    EXPECT_EQ(code(with("recordedtime", time)), "bad-time") << time;
  }
}

TEST_F(CloudEvents, AreDatedAtMostADayAhead) {
  EXPECT_EQ(code(with("time", "\"2026-02-17T18:00:00Z\"")), "");
  EXPECT_EQ(code(with("time", "\"2026-02-17T18:00:00.000001Z\"")), "far-future");
  EXPECT_EQ(code(with("time", "\"2099-01-01T00:00:00Z\"")), "far-future");
  EXPECT_EQ(code(with("time", "\"1970-01-01T00:00:00Z\"")), "");
}

TEST_F(CloudEvents, HaveAmountsOfUnitsAssetAndScale) {
  for (const char* amount :
       {"{}", R"({"units":"1","asset":"EUR"})", R"({"units":"1","scale":2})",
        R"({"asset":"EUR","scale":2})", R"({"units":"","asset":"EUR","scale":2})",
        R"({"units":"1.5","asset":"EUR","scale":2})", R"({"units":1.5,"asset":"EUR","scale":2})",
        R"({"units":1e2,"asset":"EUR","scale":2})", R"({"units":"+1","asset":"EUR","scale":2})",
        R"({"units":"-","asset":"EUR","scale":2})", R"({"units":" 1","asset":"EUR","scale":2})",
        R"({"units":"1","asset":"EUR","scale":39})", R"({"units":"1","asset":"EUR","scale":-1})"}) {
    EXPECT_EQ(code(stake(amount)), "bad-amount") << amount;
  }
  EXPECT_EQ(code(stake(R"({"units":true,"asset":"EUR","scale":2})")), "wrong-type");
  EXPECT_EQ(code(stake(R"({"units":null,"asset":"EUR","scale":2})")), "wrong-type");
  EXPECT_EQ(code(stake(R"({"units":"1","asset":5,"scale":2})")), "wrong-type");
  EXPECT_EQ(code(stake(R"({"units":"1","asset":"EUR","scale":"two"})")), "wrong-type");
  EXPECT_EQ(code(stake(R"({"units":"-0","asset":"EUR","scale":2})")), "");
}

TEST_F(CloudEvents, HaveNoNegativeStakeWinOrAmount) {
  EXPECT_EQ(code(stake(R"({"units":"-1","asset":"EUR","scale":2})")), "negative-amount");
  EXPECT_EQ(
      code(event(std::string(kGood) + R"(,"win_total":{"units":-1,"asset":"EUR","scale":2})")),
      "negative-amount");
}

TEST_F(CloudEvents, NameAssetsInCapitals) {
  for (const char* asset : {"", "eur", "1EUR", "EUR ", "E\u00dcR"}) {
    EXPECT_EQ(code(stake("{\"units\":1,\"asset\":\"" + std::string(asset) + "\",\"scale\":2}")),
              "bad-asset")
        << asset;
  }
  EXPECT_EQ(code(stake("{\"units\":1,\"asset\":\"" + std::string(33, 'A') + "\",\"scale\":2}")),
            "bad-asset");
  EXPECT_EQ(code(stake(R"({"units":1,"asset":"PTS:GOLD.X_Y-1","scale":0})")), "");
}

TEST_F(CloudEvents, HaveTheScaleOfTheRegistry) {
  EXPECT_EQ(code(stake(R"({"units":1,"asset":"EUR","scale":3})")), "scale-mismatch");
  EXPECT_EQ(code(stake(R"({"units":1,"asset":"XYZ","scale":3})")), "");
}

TEST_F(CloudEvents, HaveKeysOf1To256Bytes) {
  EXPECT_EQ(code(event(R"("tx_id":"","stake_total":{"units":1,"asset":"EUR","scale":2})")),
            "bad-natural-key");
  const auto with_tx = [](std::size_t size) {
    return event("\"tx_id\":\"" + std::string(size, 'x') +
                 R"(","stake_total":{"units":1,"asset":"EUR","scale":2})");
  };
  EXPECT_EQ(code(with_tx(256)), "");
  EXPECT_EQ(code(with_tx(257)), "bad-natural-key");
  // 200 needs two bytes of length.
  EXPECT_THAT(decode(with_tx(200)).event.natural_key, StartsWith("\x05urn:x\x02p1\xc8\x01xxx"));
}

TEST_F(CloudEvents, SurviveEveryCutAndEveryChangedByte) {
  const std::string whole = event(std::string(kGood) + R"(,"x":[1,{"y":"\u00e9"}])");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(code(whole.substr(0, size)), "") << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char c : {'\0', '"', '{', '}', '[', ',', ':', '\\', '\xff', '9', ' '}) {
      std::string changed = whole;
      changed[at] = c;
      decode(changed);  // check_invariants()
    }
  }
}

TEST_F(CloudEvents, AreDecodedOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_EQ(code(event(kGood)), "");
        EXPECT_EQ(code("{"), "malformed-json");
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace laurel::adapters::formats
