#include "line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "failure.h"
#include "laurel/contract/limits.h"

namespace laurel::console {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gzipped(const std::string& text) {
  z_stream zip{};
  EXPECT_EQ(deflateInit2(&zip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&zip, text.size()) + 32, '\0');
  zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zip.avail_in = static_cast<uInt>(text.size());
  zip.next_out = reinterpret_cast<Bytef*>(out.data());
  zip.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&zip, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - zip.avail_out);
  deflateEnd(&zip);
  return out;
}

struct LineReaderTest : ::testing::Test {
  LineReaderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "laurel-lines-XXXXXX").string();
    path = mkdtemp(name.data());
    path += "/file";
  }
  ~LineReaderTest() override {
    std::filesystem::remove_all(std::filesystem::path(path).parent_path());
  }
  void write(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  // All records; what ended them goes to `failure`.
  std::vector<std::string> read() {
    std::vector<std::string> out;
    failure.clear();
    lines.clear();
    lengths.clear();
    try {
      const auto reader = LineReader::open(path);
      while (auto record = reader->next()) {
        out.push_back(std::move(record->bytes));
        lines.push_back(record->line);
        lengths.push_back(record->length);
      }
    } catch (const Failure& wrong) {
      failure = wrong.message;
    }
    return out;
  }

  std::string path, failure;
  std::vector<std::uint64_t> lines, lengths;
};

TEST_F(LineReaderTest, GivesLinesWithTheirNumbersWhateverTheirEnds) {
  write("a\r\nb\n\nlast");
  EXPECT_THAT(read(), ElementsAre("a", "b", "", "last"));
  EXPECT_THAT(lines, ElementsAre(1, 2, 3, 4));
  write("");
  EXPECT_THAT(read(), ElementsAre());
}

TEST_F(LineReaderTest, AStrayQuoteCostsItsLineOnly) {
  write("a,\"x\nb\nc\",y\n");
  EXPECT_THAT(read(), ElementsAre("a,\"x", "b", "c\",y"));
}

TEST_F(LineReaderTest, ReadsGzipAlsoOfSeveralMembers) {
  write(gzipped("one\ntw") + gzipped("o\nthree\n"));
  EXPECT_THAT(read(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(failure, "");
}

TEST_F(LineReaderTest, ATruncatedGzipGivesWhatWasWholeAndThenSaysSo) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string whole = gzipped(text);
  write(whole.substr(0, whole.size() / 2));
  EXPECT_GT(read().size(), 1000U);
  EXPECT_THAT(failure, HasSubstr("is cut off"));
}

TEST_F(LineReaderTest, ADamagedGzipIsAnError) {
  std::string bytes = gzipped(std::string(10'000, 'x') + "\n");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0xff);
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 0xff);
  write(bytes);
  read();
  EXPECT_THAT(failure, HasSubstr("no valid gzip"));
}

TEST_F(LineReaderTest, OfALongLineItKeepsOneByteMoreThanAllowedAndTheLength) {
  for (const char* end : {"\n", "\r\n"}) {
    // NOLINTNEXTLINE(bugprone-string-constructor): that long on purpose
    write(std::string(2'000'000, 'x') + end + "next" + end);
    const auto records = read();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].size(), contract::kLineBytesMax + 1);
    EXPECT_EQ(records[1], "next");
    EXPECT_THAT(lengths, ElementsAre(2'000'000, 4));
  }
}

TEST_F(LineReaderTest, ALineOfTheLargestLengthIsWhole) {
  for (const char* end : {"\n", "\r\n", ""}) {
    write(std::string(contract::kLineBytesMax, 'x') + end);
    EXPECT_EQ(read()[0].size(), contract::kLineBytesMax);
    EXPECT_THAT(lengths, ElementsAre(contract::kLineBytesMax));
  }
}

TEST_F(LineReaderTest, AMissingFileAndADirectoryAreErrors) {
  read();
  EXPECT_THAT(failure, HasSubstr("cannot read"));
  path = std::filesystem::path(path).parent_path().string() + "/.";
  read();
  EXPECT_THAT(failure, HasSubstr("is not a file"));
  path = std::filesystem::path(path).parent_path().string() + "/file";
}

}  // namespace
}  // namespace laurel::console
