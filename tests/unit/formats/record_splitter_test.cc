#include "laurel/adapters/formats/record_splitter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace laurel::adapters::formats {
namespace {

struct Line {
  std::string bytes;
  std::uint64_t line;
  std::uint64_t length;
  bool oversize;
  bool operator==(const Line&) const = default;
};

std::vector<Line> split(std::string_view text, std::size_t piece) {
  std::vector<Line> out;
  const auto take = [&](const runtime::RawRecord& record) {
    out.push_back({std::string(record.bytes), record.line, record.length, record.oversize});
  };
  RecordSplitter splitter;
  for (std::size_t at = 0; at < text.size(); at += piece)
    splitter.feed(text.substr(at, piece), take);
  splitter.finish(take);
  return out;
}

TEST(RecordSplitter, GivesTheSameLinesInPiecesOfAnySize) {
  const std::string text =
      "\xef\xbb\xbf"
      "a,b\r\n\n\r\nlonger line\nlast";
  const std::vector<Line> lines = {
      {"a,b", 1, 3, false}, {"longer line", 4, 11, false}, {"last", 5, 4, false}};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(split(text, piece), lines) << piece;
  }
}

TEST(RecordSplitter, CutsALineThatIsTooLongAndGoesOn) {
  // NOLINTNEXTLINE(bugprone-string-constructor): that long on purpose
  const std::string text = std::string(10'000'000, 'x') + "\nnext\n";
  for (const std::size_t piece : {text.size(), std::size_t{65536}, std::size_t{999'983}}) {
    const auto lines = split(text, piece);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0].oversize);
    EXPECT_EQ(lines[0].length, 10'000'000U);
    EXPECT_EQ(lines[0].bytes.size(), contract::kDeadLetterRawMax);
    EXPECT_EQ(lines[1], (Line{"next", 2, 4, false}));
  }
}

TEST(RecordSplitter, TakesALineOfExactlyTheLimit) {
  const auto lines = split(std::string(contract::kLineBytesMax, 'x') + "\n", 100'000);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_FALSE(lines[0].oversize);
  EXPECT_TRUE(split(std::string(contract::kLineBytesMax + 1, 'x'), 100'000)[0].oversize);
}

TEST(RecordSplitter, GivesNothingForNothing) { EXPECT_TRUE(split("", 1).empty()); }

}  // namespace
}  // namespace laurel::adapters::formats
