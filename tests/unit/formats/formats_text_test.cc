#include <gtest/gtest.h>

#include "csv_row.h"
#include "decimal.h"
#include "reject.h"

namespace laurel::adapters::formats {
namespace {

std::string units(std::string_view text, std::uint32_t scale) {
  Decimal decimal;
  Int128 out = 0;
  auto status = parse_decimal(text, decimal);
  if (status == DecimalStatus::kOk) status = to_units(decimal, scale, out);
  switch (status) {
    case DecimalStatus::kOk:
      return to_string(out);
    case DecimalStatus::kMalformed:
      return "malformed";
    case DecimalStatus::kOutOfRange:
      return "out of range";
    case DecimalStatus::kNotExact:
      return "not exact";
  }
  return "";
}

TEST(Decimals, AreExactInMinorUnits) {
  EXPECT_EQ(units("12.50", 2), "1250");
  EXPECT_EQ(units("1.00E+03", 2), "100000");
  EXPECT_EQ(units("1e-2", 2), "1");
  EXPECT_EQ(units("-0.01", 2), "-1");
  EXPECT_EQ(units("+5", 0), "5");
  EXPECT_EQ(units(".5", 1), "5");
  EXPECT_EQ(units("5.", 0), "5");
  EXPECT_EQ(units("0.000", 0), "0");
  EXPECT_EQ(units("0e999999999999", 0), "0");
  EXPECT_EQ(units("12345678901234567890.123456789012345678", 18),
            "12345678901234567890123456789012345678");
}

TEST(Decimals, AreNotRounded) {
  EXPECT_EQ(units("0.001", 2), "not exact");
  EXPECT_EQ(units("0.100", 1), "1");
  EXPECT_EQ(units("1e-3", 2), "not exact");
  EXPECT_EQ(units("1e-99999", 2), "not exact");
}

TEST(Decimals, FitIn128Bits) {
  EXPECT_EQ(units("170141183460469231731687303715884105727", 0),
            "170141183460469231731687303715884105727");
  EXPECT_EQ(units("-170141183460469231731687303715884105728", 0),
            "-170141183460469231731687303715884105728");
  EXPECT_EQ(units("170141183460469231731687303715884105728", 0), "out of range");
  EXPECT_EQ(units("1e38", 0), "1" + std::string(38, '0'));
  EXPECT_EQ(units("1e38", 2), "out of range");
  EXPECT_EQ(units("1e99999", 0), "out of range");
  EXPECT_EQ(units("1" + std::string(4000, '0') + "e-4000", 0),
            "out of range");  // exponents end at 1000
  EXPECT_EQ(units(std::string(4000, '0') + "7", 0), "7");
}

TEST(Decimals, HaveOnlyDigits) {
  for (const char* text : {"", "+", "-", ".", "e5", "1e", "1e+", "1.2.3", "1,5", "0x1", "1 ", " 1",
                           "NaN", "inf", "1e5.", "--1", "NA"}) {
    EXPECT_EQ(units(text, 2), "malformed") << text;
  }
}

TEST(Decimals, AddExactly) {
  const auto sum = [](const char* a, const char* b) {
    Decimal left;
    Decimal right;
    Decimal out;
    EXPECT_EQ(parse_decimal(a, left), DecimalStatus::kOk);
    EXPECT_EQ(parse_decimal(b, right), DecimalStatus::kOk);
    if (add(left, right, out) != DecimalStatus::kOk) return std::string("out of range");
    return to_string(out.mantissa) + "e" + std::to_string(out.exponent);
  };
  EXPECT_EQ(sum("0.1", "0.2"), "3e-1");
  EXPECT_EQ(sum("2000", "2.00E+03"), "4e3");
  EXPECT_EQ(sum("5", "-5.00"), "0e0");
  EXPECT_EQ(sum("1e30", "1e-30"), "out of range");
  EXPECT_EQ(sum("170141183460469231731687303715884105727", "1"), "out of range");
  EXPECT_EQ(sum("0", "1e-30"), "1e-30");
}

std::vector<std::string> row(std::string_view line) {
  std::vector<std::string_view> cells;
  Reject reject;
  if (!split_csv_row(line, cells, reject)) return {reject.code};
  return {cells.begin(), cells.end()};
}

TEST(CsvRow, SplitsPlainAndQuotedCellsAlike) {
  using Row = std::vector<std::string>;
  EXPECT_EQ(row("a,b,,d"), (Row{"a", "b", "", "d"}));
  EXPECT_EQ(row("\"a\",b,,\"d\""), (Row{"a", "b", "", "d"}));
  EXPECT_EQ(row(" a ,\tb"), (Row{"a", "b"}));
  EXPECT_EQ(row("\" a \",b"), (Row{" a ", "b"}));
  EXPECT_EQ(row("\"a,\"\"b\"\"\",c"), (Row{"a,\"b\"", "c"}));
  EXPECT_EQ(row("a,b,"), (Row{"a", "b", ""}));
  EXPECT_EQ(row("\"a\",b,"), (Row{"a", "b", ""}));
}

TEST(CsvRow, RefusesQuotesThatDoNotClose) {
  using Row = std::vector<std::string>;
  EXPECT_EQ(row("\"a"), Row{"malformed-csv"});
  EXPECT_EQ(row("a\"b,c"), Row{"malformed-csv"});
  EXPECT_EQ(row("\"a\"b,c"), Row{"malformed-csv"});
  EXPECT_EQ(row("a\rb"), Row{"malformed-csv"});
  EXPECT_EQ(row("\"a\",b"), (Row{"a", "b"}));  // and the next is read as if nothing had been
}

TEST(RejectDetail, IsCutAtACharacter) {
  std::string text(63, 'a');
  text += "\xc3\xa9zzz";
  EXPECT_EQ(in_quotes(text), "\"" + std::string(63, 'a') + "...\"");
  EXPECT_EQ(in_quotes("short"), "\"short\"");
}

}  // namespace
}  // namespace laurel::adapters::formats
