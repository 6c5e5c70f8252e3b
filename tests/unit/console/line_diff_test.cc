#include "line_diff.h"

#include <gtest/gtest.h>

namespace laurel::console {
namespace {

TEST(LineDiff, IsEmptyForTheSameText) {
  EXPECT_EQ(line_diff("", ""), "");
  EXPECT_EQ(line_diff("a\nb\n", "a\nb\n"), "");
}

TEST(LineDiff, ShowsAChangeWithThreeLinesAroundIt) {
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(LineDiff, ShowsWhatWasAddedAndWhatWasRemoved) {
  EXPECT_EQ(line_diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(line_diff("a\nb\n", ""), "@@ -1,2 +0,0 @@\n-a\n-b\n");
  EXPECT_EQ(line_diff("a\nc\n", "a\nb\nc\n"), "@@ -1,2 +1,3 @@\n a\n+b\n c\n");
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nc\n"), "@@ -1,3 +1,2 @@\n a\n-b\n c\n");
}

TEST(LineDiff, JoinsChangesThatAreNearAndPartsThoseThatAreFar) {
  const std::string before = "a\n1\n2\n3\n4\nb\n1\n2\n3\n4\n5\n6\n7\nc\n";
  const std::string after = "A\n1\n2\n3\n4\nB\n1\n2\n3\n4\n5\n6\n7\nC\n";
  EXPECT_EQ(line_diff(before, after),
            "@@ -1,9 +1,9 @@\n-a\n+A\n 1\n 2\n 3\n 4\n-b\n+B\n 1\n 2\n 3\n"
            "@@ -11,4 +11,4 @@\n 5\n 6\n 7\n-c\n+C\n");
}

// Applies hunks, as patch does.
std::string patched(const std::string& before, const std::string& diff) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : before) {
    if (c == '\n') {
      lines.push_back(line);
      line.clear();
    } else {
      line.push_back(c);
    }
  }
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < diff.size();) {
    const std::size_t end = diff.find('\n', i);
    const std::string each = diff.substr(i, end - i);
    i = end + 1;
    if (each.starts_with("@@")) {
      std::size_t first = std::stoul(each.substr(4));
      const std::size_t count = std::stoul(each.substr(each.find(',') + 1));
      if (count > 0) --first;
      while (at < first) out += lines[at++] + "\n";
    } else if (each[0] == '+') {
      out += each.substr(1) + "\n";
    } else {
      EXPECT_EQ(each.substr(1), lines.at(at));
      if (each[0] == ' ') out += lines[at] + "\n";
      ++at;
    }
  }
  while (at < lines.size()) out += lines[at++] + "\n";
  return out;
}

TEST(LineDiff, AppliedToTheFirstTextGivesTheSecond) {
  std::uint32_t seed = 1;
  const auto next = [&seed](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % below;
  };
  for (int round = 0; round < 300; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      for (std::uint32_t lines = next(30); lines > 0; --lines) {
        text += std::string(1, static_cast<char>('a' + next(5))) + "\n";
      }
    }
    ASSERT_EQ(patched(texts[0], line_diff(texts[0], texts[1])), texts[1]);
  }
}

TEST(LineDiff, ShowsVeryDifferentTextsAsOneBlock) {
  std::string before, after;
  for (int i = 0; i < 2000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  const std::string diff = line_diff(before, after);
  EXPECT_EQ(diff.substr(0, diff.find('\n')), "@@ -1,2000 +1,2000 @@");
  EXPECT_EQ(patched(before, diff), after);
}

}  // namespace
}  // namespace laurel::console
