// The example of the crash game, on made-up rows in the columns of a real export.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <zlib.h>

#include "decoded.h"
#include "laurel/adapters/formats/mapped_decoder.h"
#include "laurel/adapters/formats/record_splitter.h"
#include "laurel/config/toml_reader.h"
#include "laurel/contract/amount.h"

namespace laurel::adapters::formats {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The text of a .gz file; empty if it is not there.
std::string unpacked(const std::string& path) {
  std::string out;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return out;
  std::string piece(1 << 16, '\0');
  for (int got = 1; got > 0;) {
    got = gzread(file, piece.data(), static_cast<unsigned>(piece.size()));
    if (got > 0) out.append(piece, 0, static_cast<std::size_t>(got));
  }
  gzclose(file);
  return out;
}

// Sums over a file: how many bets, bits (minor units), points at 1/1000 rounded down per bet.
struct Totals {
  int bets = 0;
  int won = 0;
  Int128 staked = 0;
  Int128 points = 0;
};

Totals read(const std::string& csv) {
  ::laurel::formats::Mapping mapping;
  const auto status =
      config::read_toml_file(LAUREL_SOURCE_DIR "/config/examples/crash-game/mapping.toml", mapping);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  std::shared_ptr<const runtime::Decoder> decoder;
  Totals totals;
  const auto take = [&](const runtime::RawRecord& record) {
    if (!decoder) {
      auto made =
          make_mapped_decoder("csv", mapping, record.bytes, runtime::contract_event_types(), {});
      ASSERT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
      decoder = *made;
      return;
    }
    const auto out = decode(*decoder, record);
    ASSERT_EQ(out.code(), "") << record.line << ": " << out.event.reject_detail;
    const Int128 stake = contract::units_of(out.settled().stake_total());
    ++totals.bets;
    totals.won += contract::units_of(out.settled().win_total()) > 0 ? 1 : 0;
    totals.staked += stake;
    totals.points += stake / 1000;
  };
  RecordSplitter splitter;
  splitter.feed(csv, take);
  splitter.finish(take);
  return totals;
}

TEST(CrashGameExample, ReadsTheMadeUpRows) {
  const std::string csv = content(LAUREL_SOURCE_DIR "/tests/data/wagers-made-up.csv");
  const Totals totals = read(csv);
  EXPECT_EQ(totals.bets, 500);
  int lost = 0;
  for (std::size_t at = csv.find("NA"); at != std::string::npos; at = csv.find("NA", at + 2))
    ++lost;
  EXPECT_EQ(totals.won, 500 - lost / 3);  // CashedOut, Bonus and Profit
  EXPECT_GT(totals.points, 0);
}

TEST(CrashGameExample, ReadsRealBetsToTheKnownSums) {
  const std::string csv = unpacked(LAUREL_SOURCE_DIR "/../shared/data/wagers-bustabit.csv.gz");
  if (csv.empty()) GTEST_SKIP() << "the real bets are not here: ../shared/data/";
  const Totals totals = read(csv);
  EXPECT_EQ(totals.bets, 50'000);
  EXPECT_TRUE(totals.staked == 146'762'549LL * 100);
  EXPECT_TRUE(totals.points == 14'663'020);
}

}  // namespace
}  // namespace laurel::adapters::formats
