// A stored version of the catalog: written by this version, and read by every later one.
#include "laurel/runtime/catalog_record.h"

#include <gtest/gtest.h>

#include "support/golden.h"

namespace laurel::runtime {
namespace {

using laurel::testing::golden;
using laurel::testing::hex;

CatalogVersion sample() {
  CatalogTerms terms;
  terms.number = 3;
  terms.published_us = 1'771'264'800'000'000;
  terms.effective_from_us = 1'771'264'000'000'000;
  terms.live_from_us = 1'771'264'860'000'000;
  terms.history = true;
  terms.note = "spring";
  terms.hash = std::string(32, '\x07');
  CatalogDocument program;
  program.name = "program";
  program.type = "laurel.actors.player.EarnProgram";
  program.bytes = "\x0a\x03PTS";
  program.toml = "points_asset = \"PTS\"\n";
  CatalogDocument assets;
  assets.name = "assets";
  assets.type = "laurel.contract.AssetRegistry";
  return {terms, {program, assets}, {}};
}

void expect_sample(const StoredCatalogVersion& read) {
  const CatalogVersion expected = sample();
  EXPECT_EQ(read.terms.number, 3U);
  EXPECT_EQ(read.terms.published_us, expected.terms().published_us);
  EXPECT_EQ(read.terms.effective_from_us, expected.terms().effective_from_us);
  EXPECT_EQ(read.terms.live_from_us, expected.terms().live_from_us);
  EXPECT_TRUE(read.terms.history);
  EXPECT_EQ(read.terms.note, "spring");
  EXPECT_EQ(read.terms.hash, expected.terms().hash);
  ASSERT_EQ(read.documents.size(), 2U);
  EXPECT_EQ(read.documents[0].name, "assets");
  EXPECT_EQ(read.documents[1].name, "program");
  EXPECT_EQ(read.documents[1].type, "laurel.actors.player.EarnProgram");
  EXPECT_EQ(read.documents[1].bytes, "\x0a\x03PTS");
  EXPECT_EQ(read.documents[1].toml, "points_asset = \"PTS\"\n");
  EXPECT_EQ(read.documents[1].message, nullptr);
}

TEST(CatalogRecord, IsWrittenAndReadAsBefore) {
  EXPECT_EQ(hex(encode_catalog_record(sample())), hex(golden("catalog-record.hex")));
  const auto read = decode_catalog_record(3, golden("catalog-record.hex"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  expect_sample(*read);
}

TEST(CatalogRecord, TheFirstVersionBeginsBeforeAllTime) {
  CatalogTerms terms;
  terms.number = 1;
  const auto read = decode_catalog_record(1, encode_catalog_record({terms, {}, {}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->terms.effective_from_us, kFromTheBeginning);
  EXPECT_EQ(read->terms.live_from_us, kFromTheBeginning);
}

TEST(CatalogRecord, OtherBytesAreRefused) {
  EXPECT_FALSE(decode_catalog_record(1, "").ok());
  EXPECT_FALSE(decode_catalog_record(1, "no record").ok());
  std::string later = golden("catalog-record.hex");
  later[1] = '\x02';  // the format
  EXPECT_FALSE(decode_catalog_record(1, later).ok());
}

}  // namespace
}  // namespace laurel::runtime
