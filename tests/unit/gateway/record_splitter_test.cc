#include "record_splitter.h"

#include <gtest/gtest.h>

namespace laurel::gateway::internal {
namespace {

std::vector<std::pair<std::uint64_t, std::string>> split(std::string_view text, bool csv,
                                                         std::uint64_t first_line = 1) {
  std::vector<std::pair<std::uint64_t, std::string>> out;
  for (const auto& record : split_records(text, {csv, first_line, 5000}).records) {
    out.emplace_back(record.line, std::string(record.bytes));
  }
  return out;
}

using Records = std::vector<std::pair<std::uint64_t, std::string>>;

TEST(RecordSplitter, EndsRecordsAtNewlines) {
  EXPECT_EQ(split("a\r\n\n  \nb", false, 7), (Records{{7, "a"}, {10, "b"}}));
  EXPECT_TRUE(split("", true).empty());
  EXPECT_TRUE(split("\n\n", true).empty());
}

TEST(RecordSplitter, HonoursQuotedNewlinesInCsvOnly) {
  EXPECT_EQ(split("1,\"a\nb\",\"c\"\"\n\"\"d\"\n2\n", true),
            (Records{{1, "1,\"a\nb\",\"c\"\"\n\"\"d\""}, {4, "2"}}));
  EXPECT_EQ(split("\"a\nb\"", false).size(), 2U);
}

TEST(RecordSplitter, TakesAQuoteInsideAFieldAsItIs) {
  EXPECT_EQ(split("a\"b,1\nc\"\",2\n", true), (Records{{1, "a\"b,1"}, {2, "c\"\",2"}}));
}

TEST(RecordSplitter, AStrayQuoteCostsOneLine) {
  EXPECT_EQ(split("\"open,1\nb,2\nc,3\n", true),
            (Records{{1, "\"open,1"}, {2, "b,2"}, {3, "c,3"}}));
}

TEST(RecordSplitter, CutsWhatIsTooLong) {
  const std::string text = std::string(contract::kLineBytesMax + 1, 'x') + "\n" +
                           std::string(contract::kLineBytesMax, 'y') + "\nz";
  for (const bool csv : {false, true}) {
    const auto records = split_records(text, {csv, 1, 10}).records;
    ASSERT_EQ(records.size(), 3U);
    EXPECT_TRUE(records[0].oversize);
    EXPECT_EQ(records[0].bytes.size(), contract::kDeadLetterRawMax);
    EXPECT_EQ(records[0].length, contract::kLineBytesMax + 1);
    EXPECT_FALSE(records[1].oversize);
    EXPECT_EQ(records[2].bytes, "z");
    EXPECT_EQ(records[2].line, 3U);
  }
}

TEST(RecordSplitter, StopsAtTheBound) {
  EXPECT_FALSE(split_records("a\nb\n\n", {false, 1, 2}).too_many);
  EXPECT_TRUE(split_records("a\nb\nc", {false, 1, 2}).too_many);
}

}  // namespace
}  // namespace laurel::gateway::internal
