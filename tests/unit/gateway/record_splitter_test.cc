#include "record_splitter.h"

#include <gtest/gtest.h>

namespace laurel::gateway::internal {
namespace {

std::vector<std::pair<std::uint64_t, std::string>> split(std::string_view text,
                                                         std::uint64_t first_line = 1) {
  std::vector<std::pair<std::uint64_t, std::string>> out;
  for (const auto& record : split_records(text, {first_line, 5000}).records) {
    out.emplace_back(record.line, std::string(record.bytes));
  }
  return out;
}

using Records = std::vector<std::pair<std::uint64_t, std::string>>;

TEST(RecordSplitter, EndsRecordsAtNewlines) {
  EXPECT_EQ(split("a\r\n\n  \nb", 7), (Records{{7, "a"}, {10, "b"}}));
  EXPECT_TRUE(split("").empty());
  EXPECT_TRUE(split("\n\n").empty());
}

TEST(RecordSplitter, AStrayQuoteCostsItsLineOnly) {
  EXPECT_EQ(split("\"open,1\nb,2\n\"c,3\n"), (Records{{1, "\"open,1"}, {2, "b,2"}, {3, "\"c,3"}}));
}

TEST(RecordSplitter, CutsWhatIsTooLong) {
  const std::string text = std::string(contract::kLineBytesMax + 1, 'x') + "\n" +
                           std::string(contract::kLineBytesMax, 'y') + "\nz";
  const auto records = split_records(text, {1, 10}).records;
  ASSERT_EQ(records.size(), 3U);
  EXPECT_TRUE(records[0].oversize);
  EXPECT_EQ(records[0].bytes.size(), contract::kDeadLetterRawMax);
  EXPECT_EQ(records[0].length, contract::kLineBytesMax + 1);
  EXPECT_FALSE(records[1].oversize);
  EXPECT_EQ(records[2].bytes, "z");
  EXPECT_EQ(records[2].line, 3U);
}

TEST(RecordSplitter, KnowsHowLongALineWasThatItsSenderCut) {
  for (const std::string_view text : {"a\nbc\n", "a\nbc", "a\n  \n"}) {
    const auto records = split_records(text, {1, 10, 5'000'000}).records;
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].length, 1U);
    EXPECT_FALSE(records[0].oversize);
    EXPECT_EQ(records[1].length, 5'000'000U);
    EXPECT_EQ(records[1].bytes.size(), 2U);
    EXPECT_TRUE(records[1].oversize);
  }
}

TEST(RecordSplitter, StopsAtTheBound) {
  EXPECT_FALSE(split_records("a\nb\n\n", {1, 2}).too_many);
  EXPECT_TRUE(split_records("a\nb\nc", {1, 2}).too_many);
}

}  // namespace
}  // namespace laurel::gateway::internal
